/** How far a key moves in the list; `null` for a key that does not. Pure. */
export function keyStep(key: string, columns: number, pageRows: number, total: number): number | null {
  switch (key) {
    case "ArrowDown":
      return columns;
    case "ArrowUp":
      return -columns;
    case "ArrowRight":
      return columns > 1 ? 1 : null;
    case "ArrowLeft":
      return columns > 1 ? -1 : null;
    case "PageDown":
      return pageRows * columns;
    case "PageUp":
      return -pageRows * columns;
    case "Home":
      return -total;
    case "End":
      return total;
    default:
      return null;
  }
}

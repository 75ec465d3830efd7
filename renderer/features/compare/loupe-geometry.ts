export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** CSS pixels for each picture pixel: a fitting picture is never enlarged; at 100 % pixels are the screen's. Pure. */
export function loupeScale(picture: Size, pane: Size, zoom: "fit" | "full", pixelRatio: number): number {
  if (zoom === "full") return 1 / pixelRatio;
  if (picture.width === 0 || picture.height === 0) return 1;
  return Math.min(1, pane.width / picture.width, pane.height / picture.height);
}

/** Keeps a picture that is larger than its pane from being dragged out of it, and centres a smaller one. Pure. */
export function clampPan(pan: Point, picture: Size, pane: Size, scale: number): Point {
  const limit = (length: number, room: number) => Math.max(0, (length * scale - room) / 2);
  const within = (value: number, bound: number) => Math.min(bound, Math.max(-bound, value));
  return {
    x: within(pan.x, limit(picture.width, pane.width)),
    y: within(pan.y, limit(picture.height, pane.height)),
  };
}

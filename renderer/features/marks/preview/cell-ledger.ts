/**
 * Which drawn cells the overlays of now are made of. Worker and page each keep one and are told the same in the same
 * order, so that the worker knows what the page has, and each cell travels once.
 */
export class CellLedger {
  readonly #byOverlay = new Map<string, readonly number[]>();
  readonly #uses = new Map<number, number>();

  has(cell: number): boolean {
    return this.#uses.has(cell);
  }

  /** An overlay takes the place of the one of the same key. Answers the cells that no overlay has any more. */
  put(key: string, cells: readonly number[]): readonly number[] {
    const own = [...new Set(cells)];
    for (const cell of own) this.#uses.set(cell, (this.#uses.get(cell) ?? 0) + 1);
    const gone = (this.#byOverlay.get(key) ?? []).filter((cell) => {
      const uses = this.#uses.get(cell)! - 1;
      if (uses > 0) this.#uses.set(cell, uses);
      else this.#uses.delete(cell);
      return uses === 0;
    });
    if (own.length > 0) this.#byOverlay.set(key, own);
    else this.#byOverlay.delete(key);
    return gone;
  }
}

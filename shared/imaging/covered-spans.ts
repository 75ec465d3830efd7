/**
 * Where a tile covers anything: for each row, from `rows[y]` to `rows[y + 1]`, pairs of first pixel and end, counted
 * from the tile's first pixel.
 */
export interface CoveredSpans {
  readonly rows: Uint32Array;
  readonly pairs: Uint32Array;
}

/** The spans of a tile's covered pixels. Pure. */
export function coveredSpans(alpha: Uint8Array, width: number, height: number): CoveredSpans {
  const rows = new Uint32Array(height + 1);
  const pairs: number[] = [];
  for (let row = 0; row < height; row++) {
    const end = (row + 1) * width;
    for (let i = row * width; i < end; i++) {
      if (alpha[i] === 0) continue;
      const first = i;
      while (i < end && alpha[i] !== 0) i++;
      pairs.push(first, i);
    }
    rows[row + 1] = pairs.length;
  }
  return { rows, pairs: Uint32Array.from(pairs) };
}

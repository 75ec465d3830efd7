/**
 * Reads which characters a TrueType or OpenType font has a glyph for (OpenType 1.9, `cmap`, formats 4 and 12).
 * The answer is false for what maps to glyph 0. Pure.
 */
export function fontCoverage(font: Uint8Array): (codePoint: number) => boolean {
  const view = new DataView(font.buffer, font.byteOffset, font.byteLength);
  const cmap = tableOffset(view, 0x636d6170);
  const lookups: ((codePoint: number) => number)[] = [];
  if (cmap !== null) {
    const count = view.getUint16(cmap + 2);
    for (let i = 0; i < count; i++) {
      const at = cmap + view.getUint32(cmap + 8 + i * 8);
      const format = view.getUint16(at);
      if (format === 12) lookups.unshift(segmentedCoverage(view, at));
      else if (format === 4) lookups.push(segmentMapping(view, at));
    }
  }
  const lookup = lookups[0] ?? (() => 0);
  return (codePoint) => lookup(codePoint) !== 0;
}

function tableOffset(view: DataView, tag: number): number | null {
  const tables = view.getUint16(4);
  for (let i = 0; i < tables; i++)
    if (view.getUint32(12 + i * 16) === tag) return view.getUint32(12 + i * 16 + 8);
  return null;
}

/** Format 12: groups of (first, last, glyph), sorted. */
function segmentedCoverage(view: DataView, at: number): (codePoint: number) => number {
  const groups = view.getUint32(at + 12);
  return (codePoint) => {
    let low = 0;
    let high = groups - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const group = at + 16 + middle * 12;
      if (codePoint < view.getUint32(group)) high = middle - 1;
      else if (codePoint > view.getUint32(group + 4)) low = middle + 1;
      else return view.getUint32(group + 8) + codePoint - view.getUint32(group);
    }
    return 0;
  };
}

/** Format 4: segments of the basic plane, with deltas or an index into a glyph array. */
function segmentMapping(view: DataView, at: number): (codePoint: number) => number {
  const doubled = view.getUint16(at + 6);
  const ends = at + 14;
  const starts = ends + doubled + 2;
  const deltas = starts + doubled;
  const ranges = deltas + doubled;
  return (codePoint) => {
    if (codePoint > 0xffff) return 0;
    for (let i = 0; i < doubled; i += 2) {
      if (codePoint > view.getUint16(ends + i)) continue;
      const start = view.getUint16(starts + i);
      if (codePoint < start) return 0;
      const delta = view.getUint16(deltas + i);
      const range = view.getUint16(ranges + i);
      if (range === 0) return (codePoint + delta) & 0xffff;
      const glyph = view.getUint16(ranges + i + range + (codePoint - start) * 2);
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
}

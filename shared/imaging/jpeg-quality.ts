import { type JpegSegment, jpegFrame } from "./jpeg-segments.ts";

/** ITU-T T.81 Annex K, tables K.1 and K.2, in zigzag order as DQT carries them. */
const LUMINANCE = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58,
  51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103,
  62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];
const CHROMINANCE = [
  17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

function scaled(base: number, quality: number): number {
  const scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  return Math.min(255, Math.max(1, Math.floor((base * scale + 50) / 100)));
}

/** The quantisation tables (T.81, B.2.4.1) by their number, in zigzag order. */
function quantisationTables(bytes: Uint8Array, segments: readonly JpegSegment[]): Map<number, number[]> {
  const tables = new Map<number, number[]>();
  for (const { marker, payload, end } of segments) {
    if (marker !== 0xdb) continue;
    for (let at = payload; at < end; ) {
      const wide = bytes[at]! >> 4 > 0;
      const number = bytes[at]! & 15;
      at += 1;
      const length = wide ? 128 : 64;
      if (at + length > end) break;
      tables.set(
        number,
        Array.from({ length: 64 }, (_, i) =>
          wide ? (bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]! : bytes[at + i]!,
        ),
      );
      at += length;
    }
  }
  return tables;
}

export interface JpegCoding {
  /** 1 to 100, as libjpeg scales Annex K. */
  readonly quality: number;
  readonly chromaSubsampling: "4:2:0" | "4:4:4";
  readonly progressive: boolean;
}

/** For files that say nothing usable. */
const FALLBACK_QUALITY = 95;

/**
 * How to code a picture again so that it does not visibly lose. A file that libjpeg wrote gets exactly its own tables
 * back; any other the coarsest Annex K tables that are at least as fine as its own, on average and never below the
 * fallback's floor of 70. Sampling other than 4:2:0 becomes 4:4:4, which holds all of it. Pure.
 */
export function jpegCoding(bytes: Uint8Array, segments: readonly JpegSegment[]): JpegCoding {
  const frame = jpegFrame(bytes, segments);
  const tables = quantisationTables(bytes, segments);
  const [luma, chroma] = frame?.components ?? [];
  const subsampled =
    luma !== undefined &&
    chroma !== undefined &&
    luma.horizontal === 2 * chroma.horizontal &&
    luma.vertical === 2 * chroma.vertical;
  const pairs = [
    { table: luma && tables.get(luma.table), base: LUMINANCE },
    { table: chroma && tables.get(chroma.table), base: CHROMINANCE },
  ].flatMap(({ table, base }) => (table ? [{ table, base }] : []));
  return {
    quality: pairs.length === 0 ? FALLBACK_QUALITY : estimate(pairs),
    chromaSubsampling: subsampled ? "4:2:0" : "4:4:4",
    progressive: frame?.marker === 0xc2,
  };
}

function estimate(
  pairs: readonly { readonly table: readonly number[]; readonly base: readonly number[] }[],
): number {
  for (let quality = 100; quality >= 1; quality--)
    if (pairs.every(({ table, base }) => base.every((step, i) => scaled(step, quality) === table[i])))
      return quality;
  for (let quality = 70; quality < 100; quality++) {
    const fineEnough = pairs.every(({ table, base }) => {
      let ratio = 0;
      for (let i = 0; i < 64; i++) ratio += scaled(base[i]!, quality) / Math.max(1, table[i]!);
      return ratio / 64 <= 1;
    });
    if (fineEnough) return quality;
  }
  return 100;
}

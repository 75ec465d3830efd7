import { joinBytes } from "./join-bytes.ts";

/** `start` and `end` include length, type and checksum: 4, 4 and 4 bytes. */
export interface PngChunk {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Chunks that hold pixels, or whose form depends on how pixels are coded; all others describe the picture. */
const CODING = new Set([
  "IHDR",
  "PLTE",
  "IDAT",
  "IEND",
  "tRNS",
  "bKGD",
  "hIST",
  "sBIT",
  "acTL",
  "fcTL",
  "fdAT",
]);

/** The chunks up to the first that is not whole. Pure. */
export function pngChunks(bytes: Uint8Array): PngChunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunk[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) break;
    chunks.push({ type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), start: at, end });
    at = end;
  }
  return chunks;
}

/** True for Adam7. */
export function isInterlacedPng(bytes: Uint8Array): boolean {
  return bytes[28] === 1;
}

/** Gives a newly coded PNG the descriptive chunks of its source, byte for byte, where they stood: before or behind
 *  the pixels. Pure. */
export function withChunksOf(source: Uint8Array, coded: Uint8Array): Uint8Array {
  const before: Uint8Array[] = [];
  const behind: Uint8Array[] = [];
  let target = before;
  for (const { type, start, end } of pngChunks(source)) {
    if (type === "IDAT") target = behind;
    if (!CODING.has(type)) target.push(source.subarray(start, end));
  }
  const pieces = [coded.subarray(0, 8)];
  for (const { type, start, end } of pngChunks(coded)) {
    if (!CODING.has(type)) continue;
    if (type === "IEND") pieces.push(...behind);
    pieces.push(coded.subarray(start, end));
    if (type === "IHDR") pieces.push(...before);
  }
  return joinBytes(pieces);
}

import { headMarkers, MARKER, type Marker, startsWith } from "./jpeg-markers.ts";

const APP2 = 0xe2;

/**
 * True where all segments in front of the marked picture's data are the original's, but for Huffman tables and a
 * multi-picture index: so it was not coded again, and all coefficients outside the mark should be the original's.
 * @throws UnreadableCoefficients
 */
export function looksSpliced(original: Uint8Array, marked: Uint8Array): boolean {
  const [own, other] = [original, marked].map((bytes) => headMarkers(bytes).filter(isCopied));
  return own!.length === other!.length && own!.every((marker, i) => isSame(marker, other![i]!));
}

function isCopied({ code, payload }: Marker): boolean {
  return code !== MARKER.DHT && !(code === APP2 && startsWith(payload, "MPF\0"));
}

function isSame(a: Marker, b: Marker): boolean {
  return (
    a.code === b.code &&
    a.payload.length === b.payload.length &&
    a.payload.every((byte, i) => byte === b.payload[i])
  );
}

/** A marker segment of a JPEG. Offsets in bytes, `end` exclusive. */
export interface FileSegment {
  /** The marker's second byte. */
  readonly marker: number;
  /** With the fill bytes before the marker. */
  readonly start: number;
  readonly end: number;
  /** Behind the length; empty for the end marker. */
  readonly payload: Uint8Array;
}

export const EOI = 0xd9;

/** The segment at `at`, or the end marker; `null` where there is none, or not all of it. Pure. */
export function segmentAt(bytes: Uint8Array, start: number): FileSegment | null {
  let at = start;
  // Any marker may have fill bytes before it (T.81, B.1.1.2).
  while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
  const marker = bytes[at + 1];
  if (bytes[at] !== 0xff || marker === undefined) return null;
  if (marker === EOI) return { marker, start, end: at + 2, payload: bytes.subarray(at, at) };
  if (at + 4 > bytes.length) return null;
  const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  const end = at + 2 + length;
  return length < 2 || end > bytes.length
    ? null
    : { marker, start, end, payload: bytes.subarray(at + 4, end) };
}

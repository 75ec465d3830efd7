/** Why a JPEG's coefficients cannot be read: `coding` is one that this does not know, `damaged` is against the standard. */
export class UnreadableCoefficients extends Error {
  override readonly name = "UnreadableCoefficients";
  readonly reason: "coding" | "damaged" | "too_large";

  constructor(reason: "coding" | "damaged" | "too_large", what: string) {
    super(what);
    this.reason = reason;
  }
}

export const MARKER = {
  SOF0: 0xc0,
  DHT: 0xc4,
  SOI: 0xd8,
  DAC: 0xcc,
  EOI: 0xd9,
  SOS: 0xda,
  DQT: 0xdb,
  DRI: 0xdd,
} as const;

/** A marker and its parameters. Offsets in bytes, `end` exclusive. */
export interface Marker {
  readonly code: number;
  /** Of the 0xff. */
  readonly start: number;
  /** Behind the length; empty for a marker without parameters. */
  readonly payload: Uint8Array;
  readonly end: number;
}

/** The marker at `at`, fill bytes passed over (ITU-T T.81, B.1.1). @throws UnreadableCoefficients */
export function markerAt(bytes: Uint8Array, at: number): Marker {
  let start = at;
  while (bytes[start] === 0xff && bytes[start + 1] === 0xff) start++;
  const code = bytes[start + 1];
  if (bytes[start] !== 0xff || code === undefined || code === 0)
    throw new UnreadableCoefficients("damaged", `no marker at byte ${at}`);
  if ((code >= 0xd0 && code <= MARKER.EOI) || code === 0x01)
    return { code, start, payload: bytes.subarray(0, 0), end: start + 2 };
  const length = ((bytes[start + 2] ?? 0) << 8) | (bytes[start + 3] ?? 0);
  const end = start + 2 + length;
  if (length < 2 || end > bytes.length)
    throw new UnreadableCoefficients("damaged", `the segment at byte ${start} ends outside the file`);
  return { code, start, payload: bytes.subarray(start + 4, end), end };
}

/** All markers in front of the first scan, SOI left out and SOS the last. @throws UnreadableCoefficients */
export function headMarkers(bytes: Uint8Array): Marker[] {
  if (bytes[0] !== 0xff || bytes[1] !== MARKER.SOI)
    throw new UnreadableCoefficients("damaged", "no start of a JPEG");
  const markers: Marker[] = [];
  for (let at = 2; markers.at(-1)?.code !== MARKER.SOS; at = markers.at(-1)!.end) {
    const marker = markerAt(bytes, at);
    if (marker.code === MARKER.EOI) throw new UnreadableCoefficients("damaged", "no scan");
    markers.push(marker);
  }
  return markers;
}

export function startsWith(payload: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (payload[i] !== text.charCodeAt(i)) return false;
  return true;
}

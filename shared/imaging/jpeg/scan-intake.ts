import { PIECE_BYTES } from "../wasm/jpeg-kernel.ts";
import { type NotExact, notExact } from "./not-exact.ts";

/** What lies between two restart markers. Bytes; ends exclusive; `clean`: without stuffed zeros and markers. */
export interface ScanInterval {
  readonly rawStart: number;
  readonly rawEnd: number;
  readonly cleanStart: number;
  readonly cleanEnd: number;
}

/** Where a scan's bytes go. */
export interface ScanInput {
  /** Bytes taken in so far, without stuffed zeros. */
  readonly cleanBytes: number;
  supply(raw: Uint8Array): void;
  /** See `JpegKernel.take`. */
  take(from: number, to: number): { readonly stopped: number; readonly marker: number };
}

export interface ScanIntake {
  readonly exact: true;
  readonly intervals: readonly ScanInterval[];
  /** Of the marker that ends the scan, with the fill bytes before it, and behind it. */
  readonly end: number;
  readonly markerEnd: number;
  /** Its second byte. */
  readonly marker: number;
  /** Offset in the file of a clean byte of an interval. */
  rawOffset(interval: ScanInterval, clean: number): number;
}

const RST0 = 0xd0;
const RST7 = 0xd7;
const EOI = 0xd9;
const DNL = 0xdc;

/**
 * Takes a whole scan in, piece by piece, up to the marker that ends it. Restart markers must be `intervals - 1` and count
 * as the standard wants them.
 */
export function takeScan(
  input: ScanInput,
  bytes: Uint8Array,
  dataStart: number,
  intervals: number,
): ScanIntake | NotExact {
  const found: ScanInterval[] = [];
  const pieces: { readonly raw: number; readonly clean: number }[] = [];
  let start = { raw: dataStart, clean: 0 };
  for (let piece = dataStart; piece < bytes.length; ) {
    const raw = bytes.subarray(piece, piece + PIECE_BYTES);
    input.supply(raw);
    pieces.push({ raw: piece, clean: input.cleanBytes });
    let at = 0;
    while (at < raw.length) {
      const taken = input.take(at, raw.length);
      at = taken.stopped;
      if (taken.marker === 0) break;
      const [rawEnd, cleanEnd] = [piece + at, input.cleanBytes];
      // Any marker may have fill bytes before it (T.81, B.1.1.2).
      let markerAt = rawEnd;
      while (bytes[markerAt + 1] === 0xff) markerAt++;
      const marker = bytes[markerAt + 1];
      found.push({ rawStart: start.raw, rawEnd, cleanStart: start.clean, cleanEnd });
      if (marker === undefined || marker === 0) return notExact("structure");
      const markerEnd = markerAt + 2;
      if (marker < RST0 || marker > RST7) {
        if (marker === DNL) return notExact("height");
        const intake = { intervals: found, end: rawEnd, markerEnd, marker };
        return found.length === intervals
          ? { exact: true, ...intake, rawOffset: rawOffset(bytes, pieces) }
          : notExact(marker === EOI ? "data" : "scans");
      }
      if (marker !== RST0 + ((found.length - 1) & 7) || found.length >= intervals) return notExact("data");
      start = { raw: markerEnd, clean: cleanEnd };
      at = start.raw - piece;
    }
    // Nothing taken: the file ends with half a marker.
    if (at === 0) break;
    piece += at;
  }
  return notExact("structure");
}

/** Counts from the last piece or interval's start in front of the byte that is asked for. */
function rawOffset(
  bytes: Uint8Array,
  pieces: readonly { readonly raw: number; readonly clean: number }[],
): ScanIntake["rawOffset"] {
  return ({ rawStart, cleanStart }, clean) => {
    const piece = pieces.findLast((each) => each.clean <= clean && each.raw >= rawStart);
    let at = piece?.raw ?? rawStart;
    for (let left = clean - (piece?.clean ?? cleanStart); left > 0; left--) at += bytes[at] === 0xff ? 2 : 1;
    return at;
  };
}

import { type JpegKernel, PIECE_BYTES } from "../wasm/jpeg-kernel.ts";
import { type NotExact, notExact } from "./not-exact.ts";

/** What lies between two restart markers. Bytes; ends exclusive; `clean`: without stuffed zeros and markers. */
export interface ScanInterval {
  readonly rawStart: number;
  readonly rawEnd: number;
  readonly cleanStart: number;
  readonly cleanEnd: number;
}

export interface ScanIntake {
  readonly exact: true;
  readonly intervals: readonly ScanInterval[];
  /** Behind the end marker. */
  readonly fileEnd: number;
  /** Offset in the file of a clean byte of an interval. */
  rawOffset(interval: ScanInterval, clean: number): number;
}

const RST0 = 0xd0;
const RST7 = 0xd7;
const EOI = 0xd9;
const DNL = 0xdc;

/**
 * Takes a whole scan into the kernel, piece by piece, up to the end marker. Restart markers must be `intervals - 1` and
 * count as the standard wants them; a scan that another marker ends is not exact.
 */
export function takeScan(
  kernel: JpegKernel,
  bytes: Uint8Array,
  dataStart: number,
  intervals: number,
): ScanIntake | NotExact {
  const found: ScanInterval[] = [];
  const pieces: { readonly raw: number; readonly clean: number }[] = [];
  let start = { raw: dataStart, clean: 0 };
  for (let piece = dataStart; piece < bytes.length; ) {
    const raw = bytes.subarray(piece, piece + PIECE_BYTES);
    kernel.supply(raw);
    pieces.push({ raw: piece, clean: kernel.cleanBytes });
    let at = 0;
    while (at < raw.length) {
      const taken = kernel.take(at, raw.length);
      at = taken.stopped;
      if (taken.marker === 0) break;
      const [rawEnd, cleanEnd] = [piece + at, kernel.cleanBytes];
      // Any marker may have fill bytes before it (T.81, B.1.1.2).
      let markerAt = rawEnd;
      while (bytes[markerAt + 1] === 0xff) markerAt++;
      const marker = bytes[markerAt + 1];
      found.push({ rawStart: start.raw, rawEnd, cleanStart: start.clean, cleanEnd });
      if (marker === EOI)
        return found.length === intervals
          ? { exact: true, intervals: found, fileEnd: markerAt + 2, rawOffset: rawOffset(bytes, pieces) }
          : notExact("data");
      if (marker === undefined || marker === 0) return notExact("structure");
      if (marker < RST0 || marker > RST7) return notExact(marker === DNL ? "height" : "scans");
      if (marker !== RST0 + ((found.length - 1) & 7) || found.length >= intervals) return notExact("data");
      start = { raw: markerAt + 2, clean: cleanEnd };
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

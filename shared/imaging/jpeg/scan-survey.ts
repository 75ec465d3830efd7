import {
  type JpegKernel,
  KERNEL_STATUS,
  type KernelStatus,
  type McuStart,
  MOST_PIECES,
  NO_PIECE,
  type SurveyedPiece,
  type SurveyPiece,
} from "../wasm/jpeg-kernel.ts";
import type { ScanInterval } from "./scan-intake.ts";

const PIECE_BYTES = 0x10000;
/** Left to a walk that counts MCUs: near its end, only their number says which bits are still one. Parts of a piece. */
const TAIL = 1 / 32;
/** Bits that may fill an interval's last byte. */
const MOST_FILL_BITS = 7;

/** MCUs that were walked: the first one's start, and those that were noted, from the front. */
interface Segment {
  readonly first: McuStart;
  readonly notes: () => Iterable<McuStart>;
}

export interface SurveyOptions {
  /** MCUs of interval `i`. */
  mcusOf(i: number): number;
  /** False: nothing needs to be known of interval `i`, so it is not walked with one before it. */
  isWanted(i: number): boolean;
  /** Codes change in the output, so where they are must be known when it is written. */
  readonly changesCodes: boolean;
  /** Intervals above this are cut into pieces of about as much. @default 64 KiB */
  readonly pieceBytes?: number;
}

/**
 * Walks a scan's intervals, many pieces at once, so that every code in them is known to be one, and knows afterwards
 * where MCUs start. An interval is known until the next one is surveyed; small ones many at a time.
 */
export class ScanSurvey {
  readonly #kernel: JpegKernel;
  readonly #intervals: readonly ScanInterval[];
  readonly #options: SurveyOptions;
  /** Ends of the small intervals that were walked last, by their numbers. */
  readonly #ends = new Map<number, McuStart>();
  #segments: Segment[] = [];
  #end: McuStart | undefined;

  constructor(kernel: JpegKernel, intervals: readonly ScanInterval[], options: SurveyOptions) {
    this.#kernel = kernel;
    this.#intervals = intervals;
    this.#options = options;
  }

  /**
   * Walks interval `i`, if it was not walked with one before it. The kernel then stands at its start.
   * @returns `noCode` where more codes change than can be kept in mind.
   */
  walk(i: number): KernelStatus {
    const { cleanStart, cleanEnd } = this.#intervals[i]!;
    this.#kernel.startInterval(cleanStart, cleanEnd);
    const first = this.#kernel.here(0);
    this.#segments = [{ first, notes: () => [] }];
    let status: KernelStatus = KERNEL_STATUS.ok;
    if (this.#isLarge(i)) status = this.#walkLarge(i, first);
    else {
      if (!this.#ends.has(i)) status = this.#walkSmall(i);
      this.#end = this.#ends.get(i);
    }
    this.#kernel.resume(first);
    return status;
  }

  /**
   * Goes from MCU `from` of the interval, where the kernel stands, to `to`; the interval's number of MCUs is its end.
   * What the kernel wrote so far stays as it is.
   */
  goTo(from: number, to: number): KernelStatus {
    if (this.#end?.mcu === to) {
      this.#kernel.resume(this.#end);
      return KERNEL_STATUS.ok;
    }
    const segment = this.#segments.findLast(({ first }) => first.mcu <= to)!;
    let start = segment.first;
    for (const note of segment.notes()) {
      if (note.mcu > to) break;
      start = note;
    }
    if (start.mcu > from) this.#kernel.resume(start);
    return this.#kernel.skip(to - Math.max(from, start.mcu));
  }

  #isLarge(i: number): boolean {
    const { cleanStart, cleanEnd } = this.#intervals[i]!;
    return cleanEnd - cleanStart > this.#pieceBytes;
  }

  /** Whether interval `i` can be walked with those from `first` to it. */
  #goesWith(i: number, first: number): boolean {
    return i === first || (i < this.#intervals.length && !this.#isLarge(i) && this.#options.isWanted(i));
  }

  get #pieceBytes(): number {
    return this.#options.pieceBytes ?? PIECE_BYTES;
  }

  #walkSmall(first: number): KernelStatus {
    const pieces: SurveyPiece[] = [];
    for (let i = first; this.#goesWith(i, first) && pieces.length < MOST_PIECES; i++) {
      const { cleanStart, cleanEnd } = this.#intervals[i]!;
      const mostMcus = this.#options.mcusOf(i);
      pieces.push({ start: cleanStart * 8, stop: cleanEnd * 8 + 1, mostMcus, isExact: true });
    }
    this.#ends.clear();
    if (this.#options.changesCodes) this.#kernel.noteChanges();
    for (const [i, { end, badCodeBefore }] of this.#kernel.survey(pieces).entries()) {
      const left = pieces[i]!.stop - 1 - end.bit;
      if (badCodeBefore > 0) return KERNEL_STATUS.badCode;
      if (end.mcu !== pieces[i]!.mostMcus || left < 0 || left > MOST_FILL_BITS) return KERNEL_STATUS.dataEnd;
      this.#ends.set(first + i, end);
    }
    return this.#keepChanges(() => true);
  }

  #keepChanges(isReal: (bit: number, piece: number) => boolean): KernelStatus {
    if (!this.#options.changesCodes || this.#kernel.keepChanges(isReal)) return KERNEL_STATUS.ok;
    return KERNEL_STATUS.noCode;
  }

  #walkLarge(i: number, first: McuStart): KernelStatus {
    const kernel = this.#kernel;
    const { cleanStart, cleanEnd } = this.#intervals[i]!;
    const mcus = this.#options.mcusOf(i);
    const pieces = this.#piecesOf(cleanStart, cleanEnd, mcus);
    const metAt: (number | undefined)[] = [];
    if (this.#options.changesCodes) kernel.noteChanges();
    let at = first;
    for (const [number, piece] of kernel.survey(pieces).entries()) {
      let met: McuStart | null = first;
      if (number > 0) {
        const walked = this.#meet(at, piece, pieces[number]!.stop, mcus);
        if (walked.status !== KERNEL_STATUS.ok) return walked.status;
        ({ at, met } = walked);
      }
      metAt.push(met?.bit);
      if (met) {
        // Before the walks met, a code that does not exist only said that the piece was not in step.
        if (piece.badCodeBefore > met.bit) return KERNEL_STATUS.badCode;
        this.#segments.push(segmentOf(at, met, piece));
        at = moved(piece.end, at, met);
        kernel.resume(at);
      } else this.#segments.push({ first: at, notes: () => [] });
    }
    if (at.mcu > mcus) return KERNEL_STATUS.dataEnd;
    const status = kernel.skip(mcus - at.mcu);
    if (status !== KERNEL_STATUS.ok) return status;
    this.#end = kernel.here(mcus);
    const left = cleanEnd * 8 - this.#end.bit;
    if (left > MOST_FILL_BITS) return KERNEL_STATUS.dataEnd;
    return this.#keepChanges((bit, piece) => piece === NO_PIECE || bit >= (metAt[piece] ?? Infinity));
  }

  #piecesOf(cleanStart: number, cleanEnd: number, mcus: number): SurveyPiece[] {
    const bytes = cleanEnd - cleanStart;
    const count = Math.min(MOST_PIECES, Math.ceil(bytes / this.#pieceBytes));
    const startOf = (i: number) => (cleanStart + Math.floor((bytes * i) / count)) * 8;
    return Array.from({ length: count }, (_, i) => ({
      start: startOf(i),
      stop: startOf(i + 1) - (i === count - 1 ? Math.floor((bytes * 8 * TAIL) / count) : 0),
      mostMcus: mcus,
      isExact: i === 0,
    }));
  }

  /**
   * Walks on from `at`, where the kernel stands, until an MCU starts where the piece has noted that one does: from
   * there, both read the same. Without such a place (`met` null), up to the piece's end.
   */
  #meet(at: McuStart, piece: SurveyedPiece, stop: number, mcus: number) {
    const kernel = this.#kernel;
    let [bit, mcu] = [at.bit, at.mcu];
    const walkTo = (to: number): KernelStatus => {
      while (bit < to) {
        if (mcu === mcus) return KERNEL_STATUS.dataEnd;
        const status = kernel.skip(1);
        if (status !== KERNEL_STATUS.ok) return status;
        bit = kernel.position;
        mcu++;
      }
      return KERNEL_STATUS.ok;
    };
    for (const note of piece.notes()) {
      const status = walkTo(note.bit);
      if (status !== KERNEL_STATUS.ok || bit === note.bit) return { status, at: kernel.here(mcu), met: note };
    }
    return { status: walkTo(stop), at: kernel.here(mcu), met: null };
  }
}

/** `start` counted as `at` is, which is the same place as `met`. */
function moved(start: McuStart, at: McuStart, met: McuStart): McuStart {
  const dc = (i: 0 | 1 | 2 | 3) => (start.dc[i] + at.dc[i] - met.dc[i]) | 0;
  return { bit: start.bit, mcu: start.mcu + at.mcu - met.mcu, dc: [dc(0), dc(1), dc(2), dc(3)] };
}

function segmentOf(at: McuStart, met: McuStart, piece: SurveyedPiece): Segment {
  return {
    first: at,
    *notes() {
      for (const note of piece.notes()) if (note.bit >= met.bit) yield moved(note, at, met);
    },
  };
}

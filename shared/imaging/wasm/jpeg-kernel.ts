import { JPEG_KERNEL_CODE } from "./jpeg-kernel-code.ts";
import { compileModule, instantiateModule, type WasmMemory } from "./web-assembly.ts";

/** Why the kernel stopped: assembly/memory-map.ts holds the same numbers. */
export const KERNEL_STATUS = { ok: 0, badCode: 1, dataEnd: 2, noCode: 3 } as const;
export type KernelStatus = (typeof KERNEL_STATUS)[keyof typeof KERNEL_STATUS];

interface KernelExports {
  readonly memory: WasmMemory;
  buildTable(slot: number, changedFrom: number): number;
  buildCodes(slot: number): void;
  buildBlockTable(slot: number, dc: number, ac: number): void;
  begin(firstByte: number): void;
  addBlock(component: number, dc: number, ac: number, pair: number): void;
  unstuff(start: number, stop: number): number;
  cleanBytes(): number;
  markerFound(): number;
  startInterval(from: number, to: number): void;
  resume(bit: number, dc0: number, dc1: number, dc2: number, dc3: number): void;
  bitPosition(): number;
  predictor(component: number): number;
  noteChanges(from: number, to: number): void;
  changesNoted(): number;
  setChanges(from: number, count: number): void;
  survey(pieces: number, notes: number, notesEnd: number): void;
  skip(count: number): KernelStatus;
  decodeMcu(): KernelStatus;
  encodeMcu(): KernelStatus;
  toSamples(block: number, component: number): void;
  addChanges(block: number, component: number): void;
  startOutput(): void;
  startRun(): void;
  catchUp(): number;
  finishOutput(): void;
  drain(): void;
  outputBytes(): number;
}

/** Bytes of one piece of input and of output. */
export const PIECE_BYTES = 0x10000;
/** What one MCU can take of the output, and then some. */
const ROOM_FOR_MCU = 0x2000;

const QUANT = 0x16a000;
const SAMPLES = 0x16b000;
const SPEC = 0x16bc00;
const PIECES = 0x16c800;
const INPUT = 0x170000;
const OUTPUT = 0x184000;
const SCAN = 0x1a0000;
/** A block that runs past the data's end reads no further than this before it is noticed. */
const BEYOND = 0x1000;
/** Pieces of a scan that can be surveyed at once. */
export const MOST_PIECES = 128;
const PIECE_WORDS = 16;
/** Of a piece's and a note's words, see assembly/survey.ts. */
const [START, STOP, MOST, IS_EXACT, END, MCUS, BAD_CODE, FIRST_NOTE, PIECE_DC] = [0, 1, 2, 3, 4, 5, 6, 7, 12];
const [NOTE_BIT, NEXT_NOTE, NOTE_MCU, NOTE_DC] = [0, 1, 2, 4];
/** An MCU in so many is noted. */
const NOTED = 32;
const NOTE_BYTES = 32;
const CHANGE_BYTES = 8;
const MOST_SLOTS = 4;
/** Tables that change are made so that far fewer codes do. */
const BYTES_FOR_A_CHANGE = 32;
/** Piece of a change that was met outside a survey. */
export const NO_PIECE = 0xffff;
const PAGE = 0x10000;

let module: Promise<object> | undefined;

/** A block of the scan's MCU, in coding order. */
export interface McuBlock {
  readonly component: number;
  readonly dcTable: number;
  readonly acTable: number;
}

/** A place where an MCU starts. */
export interface McuStart {
  /** Bits from the scan's start, without stuffed zeros. */
  readonly bit: number;
  /** Counted from where the walk of it began. */
  readonly mcu: number;
  /** The components' DC values before it, counted from there, too. */
  readonly dc: readonly [number, number, number, number];
}

/** A part of the scan to be surveyed; bits. */
export interface SurveyPiece {
  readonly start: number;
  /** It ends with the first MCU that starts there or behind it, or with the last of `mostMcus`. */
  readonly stop: number;
  readonly mostMcus: number;
  /** False: it starts somewhere, and the walk falls into step on its way. */
  readonly isExact: boolean;
}

export interface SurveyedPiece {
  readonly end: McuStart;
  /** Codes before it were not all real ones; 0: they were. */
  readonly badCodeBefore: number;
  /** Its noted MCUs, from the front. */
  notes(): Iterable<McuStart>;
}

/**
 * The entropy-coded data of one sequential JPEG in WebAssembly memory: taken in by pieces, walked, written. One picture
 * at a time; `open` starts the next. Positions are bits of the scan without its stuffed zeros.
 */
export class JpegKernel {
  readonly #exports: KernelExports;
  #words = new Int32Array(0);
  #notes = 0;
  #changes = 0;
  #changesEnd = 0;

  private constructor(exports: KernelExports) {
    this.#exports = exports;
  }

  static async load(): Promise<JpegKernel> {
    module ??= compileModule(JPEG_KERNEL_CODE);
    return new JpegKernel(await instantiateModule<KernelExports>(await module));
  }

  /** Memory held, in bytes; it never shrinks. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /**
   * Makes room for a scan of at most `scanBytes`.
   * @param mcus Of the whole scan.
   * @param changes Codes change (`setHuffmanTable`), so it must be noted where they are.
   */
  open(scanBytes: number, mcus: number, changes: boolean): void {
    this.#notes = (SCAN + BEYOND + scanBytes + 64 + 31) & ~31;
    this.#changes = this.#notes + (Math.ceil((mcus * 1.25) / NOTED) + MOST_PIECES) * NOTE_BYTES;
    const mostChanges = changes ? Math.ceil(scanBytes / BYTES_FOR_A_CHANGE) + MOST_PIECES : 0;
    this.#changesEnd = this.#changes + mostChanges * CHANGE_BYTES;
    const missing = Math.ceil((this.#changesEnd - this.memoryBytes) / PAGE);
    if (missing > 0) this.#exports.memory.grow(missing);
    this.#words = new Int32Array(this.#exports.memory.buffer);
    this.#exports.begin(SCAN + BEYOND + scanBytes - 1);
  }

  /** The MCU's blocks, in coding order, when all tables are there. */
  setBlocks(blocks: readonly McuBlock[]): void {
    const pairs: McuBlock[] = [];
    for (const block of blocks) {
      const { component, dcTable, acTable } = block;
      let pair = pairs.findIndex((each) => each.dcTable === dcTable && each.acTable === acTable);
      if (pair < 0) {
        pair = pairs.push(block) - 1;
        this.#exports.buildBlockTable(pair, dcTable, acTable);
      }
      this.#exports.addBlock(component, dcTable, acTable, pair);
    }
  }

  /**
   * Tables as DHT carries them: 16 counts, then the symbols. False when `read` is none that an 8-bit JPEG can have.
   * @param written For the output: equal to `read` but for codes from `changedFrom` on (see `WidenedTable`).
   */
  setHuffmanTable(
    kind: "dc" | "ac",
    number: number,
    read: Uint8Array,
    written: Uint8Array,
    changedFrom: number,
  ): boolean {
    const slot = number + (kind === "dc" ? 0 : 4);
    this.#bytes(SPEC, read.length).set(read);
    if (this.#exports.buildTable(slot, changedFrom) === 0) return false;
    this.#bytes(SPEC, written.length).set(written);
    this.#exports.buildCodes(slot);
    return true;
  }

  /** @param steps 64, in natural order. */
  setQuantisation(component: number, steps: ArrayLike<number>): void {
    new Float32Array(this.#exports.memory.buffer, QUANT + component * 256, 64).set(steps);
  }

  /** Hands raw bytes over for `take`, at most `PIECE_BYTES`. */
  supply(raw: Uint8Array): void {
    this.#bytes(INPUT, raw.length).set(raw);
  }

  /**
   * Takes the supplied bytes [from, to) in. Answers where it has stopped: at `to`; at a marker, whose second byte it
   * then answers; or at a last 0xff whose meaning is not known yet (`marker` 0).
   */
  take(from: number, to: number): { readonly stopped: number; readonly marker: number } {
    const stopped = this.#exports.unstuff(from, to);
    return { stopped, marker: this.#exports.markerFound() };
  }

  /** Bytes taken in so far, without stuffed zeros. */
  get cleanBytes(): number {
    return this.#exports.cleanBytes() >>> 0;
  }

  get position(): number {
    return this.#exports.bitPosition() >>> 0;
  }

  /** Starts to read an interval, given by its clean bytes. */
  startInterval(from: number, to: number): void {
    this.#exports.startInterval(from, to);
  }

  /** Goes to an MCU of the interval. */
  resume({ bit, dc }: McuStart): void {
    this.#exports.resume(bit, ...dc);
  }

  /** The MCU that the walk stands before, as the `mcu`th. */
  here(mcu: number): McuStart {
    const { predictor } = this.#exports;
    return { bit: this.position, mcu, dc: [predictor(0), predictor(1), predictor(2), predictor(3)] };
  }

  /** Walks pieces, at most `MOST_PIECES`, side by side. What it answers holds until the next survey. */
  survey(pieces: readonly SurveyPiece[]): SurveyedPiece[] {
    const words = this.#words;
    const at = (i: number) => PIECES / 4 + i * PIECE_WORDS;
    for (const [i, { start, stop, mostMcus, isExact }] of pieces.entries()) {
      words[at(i) + START] = start;
      words[at(i) + STOP] = stop;
      words[at(i) + MOST] = mostMcus;
      words[at(i) + IS_EXACT] = isExact ? 1 : 0;
    }
    this.#exports.survey(pieces.length, this.#notes, this.#changes);
    return pieces.map((_, i) => {
      const first = words[at(i) + FIRST_NOTE]! >>> 0;
      return {
        end: start(words, at(i) + END, at(i) + MCUS, at(i) + PIECE_DC),
        badCodeBefore: words[at(i) + BAD_CODE]! >>> 0,
        *notes() {
          for (let note = first >>> 2; note > 0; note = words[note + NEXT_NOTE]! >>> 2)
            yield start(words, note + NOTE_BIT, note + NOTE_MCU, note + NOTE_DC);
        },
      };
    });
  }

  /** Walks over MCUs. */
  skip(mcus: number): KernelStatus {
    return this.#exports.skip(mcus);
  }

  /** Starts to note where codes are that change. */
  noteChanges(): void {
    this.#exports.noteChanges(this.#changes, this.#changesEnd);
  }

  /**
   * Stops to note, and changes those of the noted codes that `isReal` accepts in what is copied from now on.
   * @returns False where there were too many.
   */
  keepChanges(isReal: (bit: number, piece: number) => boolean): boolean {
    const words = this.#words;
    const first = this.#changes / 4;
    const noted = this.#exports.changesNoted();
    this.#exports.noteChanges(0, 0);
    if (noted * CHANGE_BYTES === this.#changesEnd - this.#changes) return noted === 0;
    // In one number each, slot below bit, which typed arrays sort as they are.
    const real = new Float64Array(noted);
    let count = 0;
    for (let at = first; at < first + 2 * noted; at += 2) {
      const [bit, where] = [words[at]! >>> 0, words[at + 1]!];
      if (isReal(bit, where & 0xffff)) real[count++] = bit * MOST_SLOTS + (where >> 16);
    }
    const sorted = real.subarray(0, count).sort();
    for (let i = 0; i < count; i++) {
      words[first + 2 * i] = Math.floor(sorted[i]! / MOST_SLOTS);
      words[first + 2 * i + 1] = sorted[i]! % MOST_SLOTS;
    }
    this.#exports.setChanges(this.#changes, count);
    return true;
  }

  decodeMcu(): KernelStatus {
    return this.#exports.decodeMcu();
  }

  /**
   * The samples of all blocks of the MCU, for `toSamples` and `addChanges`: 64 a block, column behind column, 0 for the
   * middle grey 128. A view until the next `open`.
   */
  samples(blocks: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, SAMPLES, blocks * 64);
  }

  /** Makes samples of a block of the decoded MCU. */
  toSamples(block: number, component: number): void {
    this.#exports.toSamples(block, component);
  }

  /** Adds what lies in a block's samples to its coefficients. */
  addChanges(block: number, component: number): void {
    this.#exports.addChanges(block, component);
  }

  /** Starts an interval's output with the byte that `position` lies in. */
  startOutput(): void {
    this.#exports.startOutput();
  }

  /** To be called when all bits up to `position` have been written, before an MCU is. */
  startRun(): void {
    this.#exports.startRun();
  }

  encodeMcu(drain: (piece: Uint8Array) => void): KernelStatus {
    if (this.#exports.outputBytes() + ROOM_FOR_MCU > PIECE_BYTES) this.drain(drain);
    return this.#exports.encodeMcu();
  }

  /** Writes what has been walked over since the output started or an MCU was written. */
  catchUp(drain: (piece: Uint8Array) => void): void {
    while (this.#exports.catchUp() === 0) this.drain(drain);
  }

  finishOutput(drain: (piece: Uint8Array) => void): void {
    this.drain(drain);
    this.#exports.finishOutput();
    this.drain(drain);
  }

  /** Hands over what has been written. The piece is a view that the next call overwrites. */
  drain(to: (piece: Uint8Array) => void): void {
    to(this.#bytes(OUTPUT, this.#exports.outputBytes()));
    this.#exports.drain();
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, at, length);
  }
}

function start(words: Int32Array, bit: number, mcu: number, dc: number): McuStart {
  return {
    bit: words[bit]! >>> 0,
    mcu: words[mcu]!,
    dc: [words[dc]!, words[dc + 1]!, words[dc + 2]!, words[dc + 3]!],
  };
}

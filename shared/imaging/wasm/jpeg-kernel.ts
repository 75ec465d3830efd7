import { JPEG_KERNEL_CODE } from "./jpeg-kernel-code.ts";
import { compileModule, instantiateModule, type WasmMemory } from "./web-assembly.ts";

/** Why the kernel stopped: assembly/memory-map.ts holds the same numbers. */
export const KERNEL_STATUS = { ok: 0, badCode: 1, dataEnd: 2, noCode: 3, outputFull: 4 } as const;
export type KernelStatus = (typeof KERNEL_STATUS)[keyof typeof KERNEL_STATUS];

interface KernelExports {
  readonly memory: WasmMemory;
  buildTable(slot: number, changedFrom: number): number;
  buildCodes(slot: number): void;
  begin(firstByte: number, blocks: number, rewrites: boolean): void;
  unstuff(start: number, stop: number): number;
  cleanBytes(): number;
  markerFound(): number;
  startInterval(from: number, to: number): void;
  bitPosition(): number;
  skip(count: number): KernelStatus;
  remainingMcus(): number;
  decodeMcu(): KernelStatus;
  encodeMcu(): KernelStatus;
  blend(block: number, component: number, color: number): void;
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

const QUANT = 0x134000;
const ALPHA = 0x135000;
const SPEC = 0x135400;
const BLOCKS = 0x135600;
const INPUT = 0x136000;
const OUTPUT = 0x148000;
const SCAN = 0x160000;
/** A block that runs past the data's end reads no further than this before it is noticed. */
const BEYOND = 0x1000;
const PAGE = 0x10000;

let module: Promise<object> | undefined;

/** A block of the scan's MCU, in coding order. */
export interface McuBlock {
  readonly component: number;
  readonly dcTable: number;
  readonly acTable: number;
}

/**
 * The entropy-coded data of one sequential JPEG in WebAssembly memory: taken in by pieces, walked, written. One picture
 * at a time; `open` starts the next. Positions are bits of the scan without its stuffed zeros.
 */
export class JpegKernel {
  readonly #exports: KernelExports;

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
   * @param rewrites Tables change (`setHuffmanTable`), so all that is walked over is written, too.
   */
  open(scanBytes: number, blocks: readonly McuBlock[], rewrites: boolean): void {
    const end = SCAN + BEYOND + scanBytes + 64;
    const missing = Math.ceil((end - this.memoryBytes) / PAGE);
    if (missing > 0) this.#exports.memory.grow(missing);
    this.#exports.begin(SCAN + BEYOND + scanBytes - 1, blocks.length, rewrites);
    const view = this.#bytes(BLOCKS, 4 * blocks.length);
    for (const [i, { component, dcTable, acTable }] of blocks.entries())
      view.set([component, dcTable, acTable, 0], 4 * i);
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

  /** Walks over MCUs; where tables change, writes them. */
  skip(mcus: number, drain: (piece: Uint8Array) => void): KernelStatus {
    let status = this.#exports.skip(mcus);
    while (status === KERNEL_STATUS.outputFull) {
      this.drain(drain);
      status = this.#exports.skip(this.#exports.remainingMcus());
    }
    return status;
  }

  decodeMcu(): KernelStatus {
    return this.#exports.decodeMcu();
  }

  /** Lays a colour over block `block` of the decoded MCU. `alpha`: 64 values from 0 to 1. `color`: 0 to 255. */
  blend(block: number, component: number, alpha: Float32Array, color: number): void {
    new Float32Array(this.#exports.memory.buffer, ALPHA, 64).set(alpha);
    this.#exports.blend(block, component, color);
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

import { COEFFICIENT_KERNEL_CODE } from "./coefficient-kernel-code.ts";
import { KERNEL_STATUS, type KernelStatus } from "./jpeg-kernel.ts";
import { compileModule, instantiateModule, type WasmMemory } from "./web-assembly.ts";

interface KernelExports {
  readonly memory: WasmMemory;
  setReadTable(slot: number): number;
  setWriteTable(slot: number): void;
  openScan(firstByte: number): void;
  unstuff(start: number, stop: number): number;
  cleanBytes(): number;
  markerFound(): number;
  beginScan(columns: number, first: number, last: number, low: number): void;
  addScanBlock(
    plane: number,
    blocksPerRow: number,
    offset: number,
    component: number,
    tables: number,
    horizontal: number,
    vertical: number,
  ): void;
  readMcus(kind: number, mcu: number, count: number, from: number, to: number): KernelStatus;
  readMcusArithmetic: KernelExports["readMcus"];
  setConditioning(slot: number, lower: number, upper: number): void;
  startWriting(counts: boolean, interval: number): void;
  writeMcus(kind: number, mcu: number, count: number): KernelStatus;
  finishWriting(): void;
  writtenBytes(): number;
  drainWritten(): void;
  takeBlock(from: number, index: number): void;
  storeBlock(into: number, index: number): void;
  toSamples(block: number, component: number): void;
  addChanges(block: number, component: number): void;
}

/** assembly/coefficients/memory-map.ts and assembly/memory-map.ts hold the same numbers. */
const COUNTS = 0x30000;
const WRITTEN = 0x40000;
const WRITTEN_BYTES = 0x100000;
const QUANT = 0x16a000;
const SAMPLES = 0x16b000;
const SPEC = 0x16bc00;
const INPUT = 0x170000;
const PLANES = 0x1a0000;
/** A block that runs past the data's end reads no further than this before it is noticed. */
const BEYOND = 0x1000;
const PAGE = 0x10000;
const BLOCK_BYTES = 128;
/** What a block can take of the output, each byte of ones with its zero. */
const MOST_CODED_BYTES = 512;

/** Where a file says nothing else (T.81, F.1.4.4.1.4 and F.1.4.4.2.1): L 0, U 1; Kx 5. */
const DC_CONDITIONING = 0x10;
const AC_CONDITIONING = 5;

/** Kinds of scans: assembly/coefficients/read-scan.ts holds the same numbers. */
export const SCAN_KIND = { sequential: 0, dcFirst: 1, dcRefine: 2, acFirst: 3, acRefine: 4 } as const;
export type ScanKind = (typeof SCAN_KIND)[keyof typeof SCAN_KIND];

/** Blocks of a component, those that only fill up the last MCUs among them. */
export interface PlaneSize {
  readonly blocksPerRow: number;
  readonly blockRows: number;
}

export interface KernelScan {
  readonly kind: ScanKind;
  /** The band of coefficients, and the bit position. */
  readonly first: number;
  readonly last: number;
  readonly low: number;
  /** MCUs of the scan. */
  readonly columns: number;
  readonly rows: number;
  /** By their places in the frame; sampling factors as they count in this scan. */
  readonly components: readonly {
    readonly index: number;
    readonly horizontal: number;
    readonly vertical: number;
    readonly dcTable: number;
    readonly acTable: number;
  }[];
}

/** All quantised coefficients of one JPEG in WebAssembly memory. One picture at a time; `open` starts the next. */
export class CoefficientKernel {
  readonly #exports: KernelExports;
  #planes: readonly (PlaneSize & { readonly at: number })[] = [];
  #firstByte = 0;

  private constructor(exports: KernelExports) {
    this.#exports = exports;
  }

  static async load(): Promise<CoefficientKernel> {
    const module = await compileModule(COEFFICIENT_KERNEL_CODE);
    return new CoefficientKernel(await instantiateModule<KernelExports>(module));
  }

  /** Memory held, in bytes; it never shrinks. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** Makes room for a picture's coefficients, all 0, and for scans of at most `scanBytes`. False: there is none. */
  open(planes: readonly PlaneSize[], scanBytes: number): boolean {
    let at = PLANES;
    this.#planes = planes.map((size) => {
      const plane = { ...size, at };
      at += size.blocksPerRow * size.blockRows * BLOCK_BYTES;
      return plane;
    });
    this.#firstByte = at + BEYOND + scanBytes - 1;
    const held = this.memoryBytes;
    const missing = Math.ceil((this.#firstByte + 64 - held) / PAGE);
    try {
      if (missing > 0) this.#exports.memory.grow(missing);
    } catch {
      return false;
    }
    // What has just been had is 0 already.
    this.#bytes(PLANES, Math.max(0, Math.min(at, held) - PLANES)).fill(0);
    for (let number = 0; number < 4; number++) {
      this.setConditioning("dc", number, DC_CONDITIONING);
      this.setConditioning("ac", number, AC_CONDITIONING);
    }
    return true;
  }

  /** @param steps 64, in natural order. */
  setQuantisation(component: number, steps: ArrayLike<number>): void {
    new Float32Array(this.#exports.memory.buffer, QUANT + component * 256, 64).set(steps);
  }

  /** @param spec As DHT carries it: 16 counts, then the symbols. False: it is none that an 8-bit JPEG can have. */
  setReadTable(kind: "dc" | "ac", number: number, spec: Uint8Array): boolean {
    this.#bytes(SPEC, 16 + 256).fill(0);
    this.#bytes(SPEC, spec.length).set(spec);
    return this.#exports.setReadTable(number + (kind === "dc" ? 0 : 4)) !== 0;
  }

  setWriteTable(kind: "dc" | "ac", number: number, spec: Uint8Array): void {
    this.#bytes(SPEC, spec.length).set(spec);
    this.#exports.setWriteTable(number + (kind === "dc" ? 0 : 4));
  }

  /** Starts to take a scan's bytes in. */
  openScan(): void {
    this.#exports.openScan(this.#firstByte);
  }

  /** Hands raw bytes over for `take`, at most `PIECE_BYTES` of jpeg-kernel.ts. */
  supply(raw: Uint8Array): void {
    this.#bytes(INPUT, raw.length).set(raw);
  }

  /** As `JpegKernel.take`. */
  take(from: number, to: number): { readonly stopped: number; readonly marker: number } {
    const stopped = this.#exports.unstuff(from, to);
    return { stopped, marker: this.#exports.markerFound() };
  }

  get cleanBytes(): number {
    return this.#exports.cleanBytes() >>> 0;
  }

  /** Says which scan `read` and `write` mean. */
  beginScan({ first, last, low, columns, components }: KernelScan): void {
    this.#exports.beginScan(columns, first, last, low);
    for (const { index, horizontal, vertical, dcTable, acTable } of components) {
      const { at, blocksPerRow } = this.#planes[index]!;
      for (let i = 0; i < horizontal * vertical; i++) {
        const offset = (Math.floor(i / horizontal) * blocksPerRow + (i % horizontal)) * BLOCK_BYTES;
        const tables = (dcTable << 4) | acTable;
        this.#exports.addScanBlock(at, blocksPerRow, offset, index, tables, horizontal, vertical);
      }
    }
  }

  /** Reads `count` MCUs from the `mcu`th on: all that are in the clean bytes [from, to). */
  read({ kind }: KernelScan, mcu: number, count: number, from: number, to: number): KernelStatus {
    return this.#exports.readMcus(kind, mcu, count, from, to);
  }

  /** The same of an arithmetic-coded scan. */
  readArithmetic({ kind }: KernelScan, mcu: number, count: number, from: number, to: number): KernelStatus {
    return this.#exports.readMcusArithmetic(kind, mcu, count, from, to);
  }

  /** As DAC carries it (ITU-T T.81, B.2.4.3): for DC, L and U in the low and the high half of a byte; for AC, Kx. */
  setConditioning(kind: "dc" | "ac", number: number, value: number): void {
    if (kind === "dc") this.#exports.setConditioning(number, value & 15, value >> 4);
    else this.#exports.setConditioning(number + 4, value, 0);
  }

  /** Counts the symbols that the scan needs, for `counts`. */
  count(scan: KernelScan, interval: number): KernelStatus {
    return this.#pass(scan, interval, true, () => {});
  }

  /** How often each symbol is needed. */
  counts(kind: "dc" | "ac", number: number): Uint32Array {
    const slot = number + (kind === "dc" ? 0 : 4);
    return new Uint32Array(this.#exports.memory.buffer, COUNTS + slot * 1024, 256).slice();
  }

  /** Writes the scan with the tables that were set. Pieces are views that the next one overwrites. */
  write(scan: KernelScan, interval: number, drain: (piece: Uint8Array) => void): KernelStatus {
    return this.#pass(scan, interval, false, drain);
  }

  #pass(
    scan: KernelScan,
    interval: number,
    counts: boolean,
    drain: (piece: Uint8Array) => void,
  ): KernelStatus {
    const mcus = scan.columns * scan.rows;
    const blocks = scan.components.reduce((sum, each) => sum + each.horizontal * each.vertical, 0);
    const atOnce = Math.floor(WRITTEN_BYTES / (blocks * MOST_CODED_BYTES)) - 1;
    this.#exports.startWriting(counts, interval);
    for (let mcu = 0; mcu < mcus; mcu += atOnce) {
      const status = this.#exports.writeMcus(scan.kind, mcu, Math.min(atOnce, mcus - mcu));
      if (status !== KERNEL_STATUS.ok) return status;
      this.#drain(drain);
    }
    this.#exports.finishWriting();
    this.#drain(drain);
    return KERNEL_STATUS.ok;
  }

  #drain(to: (piece: Uint8Array) => void): void {
    to(this.#bytes(WRITTEN, this.#exports.writtenBytes()));
    this.#exports.drainWritten();
  }

  /** Makes samples of a stored block, as block `i` of an MCU. */
  toSamples(i: number, component: number, x: number, y: number): void {
    this.#exports.takeBlock(this.#addressOf(component, x, y), i);
    this.#exports.toSamples(i, component);
  }

  /** As `JpegKernel.samples`. */
  samples(blocks: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, SAMPLES, blocks * 64);
  }

  /** Adds what lies in block `i`'s samples to the coefficients that `toSamples` has taken, and stores them. */
  addChanges(i: number, component: number, x: number, y: number): void {
    this.#exports.addChanges(i, component);
    this.#exports.storeBlock(this.#addressOf(component, x, y), i);
  }

  #addressOf(component: number, x: number, y: number): number {
    const { at, blocksPerRow } = this.#planes[component]!;
    return at + (y * blocksPerRow + x) * BLOCK_BYTES;
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, at, length);
  }
}

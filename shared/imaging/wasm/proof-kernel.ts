import { PROOF_KERNEL_CODE } from "./proof-kernel-code.ts";

/** Why reading stopped: assembly/proof-bits.ts holds the same numbers. */
export const READ_STATUS = { ok: 0, badCode: 1, dataEnd: 2, badRestart: 3 } as const;

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  setTable(stream: number, number: number, spec: number): number;
  beginScan(stream: number, from: number, stop: number, interval: number): void;
  endScan(stream: number): number;
  readRow(stream: number, row: number, skipped: number, out: number, ends: number): number;
  beginPair(
    one: number,
    two: number,
    fromOne: number,
    stopOne: number,
    topOne: number,
    startsOne: number,
    fromTwo: number,
    stopTwo: number,
    topTwo: number,
    startsTwo: number,
    most: number,
  ): number;
  makePairTable(one: number, two: number, block: number, isDc: number, table: number): void;
  readRowOfBoth(
    one: number,
    two: number,
    row: number,
    isLast: number,
    skipped: number,
    plan: number,
    scratch: number,
    out: number,
  ): number;
  endsPair(): number;
  writeStoredRow(stream: number, row: number, skipped: number, out: number, ends: number): void;
  readScan(stream: number, rows: number, kind: number, first: number, last: number, low: number): number;
  readArithmeticScan(
    stream: number,
    number: number,
    rows: number,
    kind: number,
    first: number,
    last: number,
    low: number,
  ): number;
  setConditioning(stream: number, number: number, lower: number, upper: number): void;
  compareRows(a: number, endsA: number, b: number, endsB: number, columns: number, differs: number): number;
}

/** What this needs of WebAssembly's API: a page's types have it, Node's leave it out. */
interface WasmApi {
  compile(code: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<{ readonly exports: unknown }>;
}
const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: WasmApi };

let module: Promise<object> | undefined;

/** A block of an MCU, in coding order. */
export interface ReadBlock {
  readonly component: number;
  readonly dcTable: number;
  readonly acTable: number;
  /** In the MCU, in blocks. */
  readonly x: number;
  readonly y: number;
  /** Blocks of the component in an MCU. */
  readonly horizontal: number;
  readonly vertical: number;
  /** Blocks of the component in the picture: those behind only fill up the last MCUs. */
  readonly blocksPerRow: number;
  readonly blockRows: number;
  /** Where stored coefficients lie, and their blocks a row; 0 when they are not stored. */
  readonly stored: number;
  readonly storedPerRow: number;
}

/** A scan as `beginPair` takes it. Addresses. */
export interface PairedScan {
  readonly from: number;
  readonly stop: number;
  /** Behind as many bytes as the scan has, and 64. */
  readonly top: number;
  /** Four bytes for each interval, and eight more. */
  readonly starts: number;
}

/** An entry of eight bytes for each 12 bits of data. */
const PAIR_TABLE_BYTES = 8 << 12;
const DIFFERENT = 0xffffffff;
const PAGE = 0x10000;
const SPEC = 0x10000;
const STREAMS = 0x11000;
const STREAM_BYTES = 0x12000;
const BLOCKS = 36;
const COLUMNS = 40;
const BLOCK = 64;
const BLOCK_BYTES = 24;
const FREE = STREAMS + 2 * STREAM_BYTES;

/** What WebAssembly can address, less what nobody should ask for. */
const MOST_BYTES = 3 * 1024 ** 3;

/** Reads two JPEGs' coefficients in WebAssembly memory, which `reset` frees for the next pair. Addresses are its bytes. */
export class ProofKernel {
  readonly #exports: KernelExports;
  #free = FREE;

  private constructor(exports: KernelExports) {
    this.#exports = exports;
  }

  static async load(): Promise<ProofKernel> {
    module ??= wasm.compile(Uint8Array.from(atob(PROOF_KERNEL_CODE), (byte) => byte.charCodeAt(0)));
    const instance = await wasm.instantiate(await module, {});
    return new ProofKernel(instance.exports as KernelExports);
  }

  /** Memory held, in bytes; it never shrinks. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  reset(): void {
    this.#free = FREE;
  }

  /** Address of `bytes` of any content. `null`: more than can be had. */
  allocate(bytes: number): number | null {
    const at = this.#free;
    const end = Math.ceil((at + bytes) / 16) * 16;
    if (end > MOST_BYTES) return null;
    const missing = Math.ceil((end - this.memoryBytes) / PAGE);
    if (missing > 0) {
      try {
        this.#exports.memory.grow(missing);
      } catch {
        return null;
      }
    }
    this.#free = end;
    return at;
  }

  /** A view that the next allocation makes worthless. */
  view(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, at, length);
  }

  /** @param stream 0 or 1. */
  setBlocks(stream: number, columns: number, blocks: readonly ReadBlock[]): void {
    const at = STREAMS + stream * STREAM_BYTES;
    const view = new DataView(this.#exports.memory.buffer, at, STREAM_BYTES);
    view.setUint32(BLOCKS, blocks.length, true);
    view.setUint32(COLUMNS, columns, true);
    for (const [i, block] of blocks.entries()) {
      const { component, dcTable, acTable, x, y, horizontal, vertical } = block;
      const to = BLOCK + i * BLOCK_BYTES;
      this.view(at + to, 8).set([component, dcTable, acTable + 4, x, y, horizontal, vertical, 0]);
      view.setUint32(to + 8, block.blocksPerRow, true);
      view.setUint32(to + 12, block.blockRows, true);
      view.setUint32(to + 16, block.stored, true);
      view.setUint32(to + 20, block.storedPerRow, true);
    }
  }

  /** @param spec As DHT carries it: 16 counts, then the symbols. False: it is none that an 8-bit JPEG can have. */
  setTable(stream: number, kind: "dc" | "ac", number: number, spec: Uint8Array): boolean {
    this.view(SPEC, 17 + 256).fill(0);
    this.view(SPEC, spec.length).set(spec);
    return (
      this.#exports.setTable(STREAMS + stream * STREAM_BYTES, number + (kind === "dc" ? 0 : 4), SPEC) !== 0
    );
  }

  /** Starts a scan at its entropy-coded bytes. `interval`: MCUs between restart markers, 0 without. */
  beginScan(stream: number, from: number, stop: number, interval: number): void {
    this.#exports.beginScan(STREAMS + stream * STREAM_BYTES, from, stop, interval);
  }

  /** Address of the marker that ends the scan; 0 when something else stands there. */
  endScan(stream: number): number {
    return this.#exports.endScan(STREAMS + stream * STREAM_BYTES) >>> 0;
  }

  /** See assembly/proof-scan.ts. */
  readRow(stream: number, row: number, skipped: number, out: number, ends: number): number {
    return this.#exports.readRow(STREAMS + stream * STREAM_BYTES, row, skipped, out, ends);
  }

  /** Makes streams 0 and 1 ready to be read as one. False: they cannot be. See assembly/proof-pair.ts. */
  beginPair(one: PairedScan, two: PairedScan, intervals: number): boolean {
    const [a, b] = [one, two].map(({ from, stop, top, starts }) => [from, stop, top, starts] as const);
    return this.#exports.beginPair(STREAMS, STREAMS + STREAM_BYTES, ...a!, ...b!, intervals) !== 0;
  }

  /** Address of a table of the codes that a block of an MCU has in common in streams 0 and 1. `null`: no memory. */
  makePairTable(block: number, kind: "dc" | "ac"): number | null {
    const table = this.allocate(PAIR_TABLE_BYTES);
    const isDc = kind === "dc" ? 1 : 0;
    if (table !== null) this.#exports.makePairTable(STREAMS, STREAMS + STREAM_BYTES, block, isDc, table);
    return table;
  }

  /** Bytes written at `out` of a row of streams 0 and 1. `null`: they do not say the same outside `skipped`. */
  readRowOfBoth(
    row: number,
    isLast: boolean,
    { skipped, plan, scratch, out }: Readonly<Record<"skipped" | "plan" | "scratch" | "out", number>>,
  ): number | null {
    const [one, two, last] = [STREAMS, STREAMS + STREAM_BYTES, isLast ? 1 : 0];
    const length = this.#exports.readRowOfBoth(one, two, row, last, skipped, plan, scratch, out) >>> 0;
    return length === DIFFERENT ? null : length;
  }

  /** Whether both end behind the row that has been read. */
  endsPair(): boolean {
    return this.#exports.endsPair() !== 0;
  }

  writeStoredRow(stream: number, row: number, skipped: number, out: number, ends: number): void {
    this.#exports.writeStoredRow(STREAMS + stream * STREAM_BYTES, row, skipped, out, ends);
  }

  /** See assembly/proof-stored.ts. */
  readScan(stream: number, rows: number, kind: number, first: number, last: number, low: number): number {
    return this.#exports.readScan(STREAMS + stream * STREAM_BYTES, rows, kind, first, last, low);
  }

  /** The same of an arithmetic-coded scan. */
  readArithmeticScan(
    stream: number,
    rows: number,
    kind: number,
    first: number,
    last: number,
    low: number,
  ): number {
    const at = STREAMS + stream * STREAM_BYTES;
    return this.#exports.readArithmeticScan(at, stream, rows, kind, first, last, low);
  }

  /** As DAC carries it (ITU-T T.81, B.2.4.3): for DC, L and U in the low and the high half of a byte; for AC, Kx. */
  setConditioning(stream: number, kind: "dc" | "ac", number: number, value: number): void {
    if (kind === "dc") this.#exports.setConditioning(stream, number, value & 15, value >> 4);
    else this.#exports.setConditioning(stream, number + 4, value, 0);
  }

  /** Number of the MCUs of two rows that differ; each has a byte set at `differs`. */
  compareRows(
    a: { readonly out: number; readonly ends: number },
    b: { readonly out: number; readonly ends: number },
    columns: number,
    differs: number,
  ): number {
    return this.#exports.compareRows(a.out, a.ends, b.out, b.ends, columns, differs) >>> 0;
  }

  uint32(at: number): number {
    return new DataView(this.#exports.memory.buffer).getUint32(at, true);
  }
}

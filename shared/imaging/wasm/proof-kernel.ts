import { PROOF_KERNEL_CODE } from "./proof-kernel-code.ts";

/** Why reading stopped: assembly/proof-bits.ts holds the same numbers. */
export const READ_STATUS = { ok: 0, badCode: 1, dataEnd: 2, badRestart: 3 } as const;

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  setTable(stream: number, number: number, spec: number): number;
  beginScan(stream: number, from: number, stop: number, interval: number): void;
  endScan(stream: number): number;
  readRow(stream: number, row: number, skipped: number, out: number, ends: number): number;
  readRowOfBoth(
    one: number,
    two: number,
    row: number,
    skipped: number,
    out: number,
    ends: number,
    alike: number,
    saved: number,
  ): number;
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

  /** Address of `bytes` zeros. `null`: more than can be had. */
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
    this.view(at, end - at).fill(0);
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

  /** A row of streams 0 and 1, see assembly/proof-scan.ts. False: they do not say the same outside `skipped`. */
  readRowOfBoth(row: number, skipped: number, out: number, ends: number, alike: boolean): boolean {
    const [one, two] = [STREAMS, STREAMS + STREAM_BYTES];
    const status = this.#exports.readRowOfBoth(one, two, row, skipped, out, ends, alike ? 1 : 0, SPEC);
    return status === READ_STATUS.ok;
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

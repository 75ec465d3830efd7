import { PREPROCESSOR_KERNEL_CODE } from "./preprocessor-kernel-code.ts";
import { compileModule, instantiateModule, type WasmMemory } from "./web-assembly.ts";

interface KernelExports {
  readonly memory: WasmMemory;
  greyscale(at: number, pixels: number): void;
  openTurn(width: number, height: number, orientation: number): number;
  turnNext(rows: number): void;
  openResize(width: number, height: number, toWidth: number, toHeight: number): number;
  resizeRows(at: number, rows: number): void;
  resized(): number;
  turnResized(orientation: number): number;
  shaBegin(): void;
  shaUpdate(at: number, length: number): void;
  shaEnd(): void;
}

/** assembly/preprocess/memory-map.ts holds the same numbers. */
const SHA = 0x4000;
const INPUT = 0x20000;
const INPUT_BYTES = 0x80000;
const DYNAMIC = 0xc0000;
/** Of a side, in pixels. */
export const MOST_PIXELS = 65_535;
/** A hash in progress: state, block, length. */
export const SHA_STATE_BYTES = 104;
const DIGEST_BYTES = 32;

let module: Promise<object> | undefined;

/**
 * The preprocessing module and its memory: RGBA pixels, 4 bytes each, not premultiplied, go in by strips of rows, the
 * result comes out as a copy. Trusts its numbers; `Preprocessor` checks them.
 */
export class PreprocessorKernel {
  readonly #exports: KernelExports;

  private constructor(exports: KernelExports) {
    this.#exports = exports;
  }

  /** The module is compiled once for all instances. */
  static async load(): Promise<PreprocessorKernel> {
    module ??= compileModule(PREPROCESSOR_KERNEL_CODE);
    return new PreprocessorKernel(await instantiateModule<KernelExports>(await module));
  }

  /** Memory held, in bytes; it never shrinks. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  greyscale(pixels: Uint8Array): Uint8Array<ArrayBuffer> {
    const grey = new Uint8Array(pixels.length);
    for (let at = 0; at < pixels.length; at += INPUT_BYTES) {
      const piece = pixels.subarray(at, at + INPUT_BYTES);
      this.#supply(piece);
      this.#exports.greyscale(INPUT, piece.length / 4);
      grey.set(this.#bytes(INPUT, piece.length), at);
    }
    return grey;
  }

  /** `null` when there is no memory for it. */
  turn(
    pixels: Uint8Array,
    width: number,
    height: number,
    orientation: number,
  ): Uint8Array<ArrayBuffer> | null {
    if (this.#exports.openTurn(width, height, orientation) === 0) return null;
    this.#byStrips(pixels, width, (rows) => this.#exports.turnNext(rows));
    return this.#bytes(DYNAMIC, pixels.length).slice();
  }

  /**
   * Resizes stored pixels to `toWidth` by `toHeight`, then stands the result upright.
   * @returns `null` when there is no memory for it.
   */
  resize(
    pixels: Uint8Array,
    from: { readonly width: number; readonly height: number },
    to: { readonly width: number; readonly height: number },
    { orientation, grey }: { readonly orientation: number; readonly grey: boolean },
  ): Uint8Array<ArrayBuffer> | null {
    if (this.#exports.openResize(from.width, from.height, to.width, to.height) === 0) return null;
    this.#byStrips(pixels, from.width, (rows) => this.#exports.resizeRows(INPUT, rows));
    let at = this.#exports.resized() >>> 0;
    if (grey) this.#exports.greyscale(at, to.width * to.height);
    if (orientation !== 1) at = this.#exports.turnResized(orientation) >>> 0;
    return at === 0 ? null : this.#bytes(at, to.width * to.height * 4).slice();
  }

  /** A hash that nothing has been added to. */
  newHash(): Uint8Array<ArrayBuffer> {
    this.#exports.shaBegin();
    return this.#bytes(SHA, SHA_STATE_BYTES).slice();
  }

  /** Adds bytes to a hash in progress, in place. */
  addToHash(state: Uint8Array, bytes: Uint8Array): void {
    this.#bytes(SHA, SHA_STATE_BYTES).set(state);
    for (let at = 0; at < bytes.length; at += INPUT_BYTES) {
      const piece = bytes.subarray(at, at + INPUT_BYTES);
      this.#supply(piece);
      this.#exports.shaUpdate(INPUT, piece.length);
    }
    state.set(this.#bytes(SHA, SHA_STATE_BYTES));
  }

  /** The 32 bytes of what has been added to a hash; `state` stays as it is. */
  digest(state: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#bytes(SHA, SHA_STATE_BYTES).set(state);
    this.#exports.shaEnd();
    return this.#bytes(SHA, DIGEST_BYTES).slice();
  }

  #byStrips(pixels: Uint8Array, width: number, take: (rows: number) => void): void {
    const line = width * 4;
    const strip = Math.floor(INPUT_BYTES / line) * line;
    for (let at = 0; at < pixels.length; at += strip) {
      const piece = pixels.subarray(at, at + strip);
      this.#supply(piece);
      take(piece.length / line);
    }
  }

  /** At most `INPUT_BYTES`. */
  #supply(piece: Uint8Array): void {
    this.#bytes(INPUT, piece.length).set(piece);
  }

  #bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#exports.memory.buffer, at, length);
  }
}

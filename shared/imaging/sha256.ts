import type { PreprocessorKernel } from "./wasm/preprocessor-kernel.ts";

/** SHA-256 (FIPS 180-4) of bytes that come in pieces of any length. Made by `Preprocessor.sha256`. */
export class Sha256 {
  readonly #kernel: PreprocessorKernel;
  readonly #state: Uint8Array;

  constructor(kernel: PreprocessorKernel) {
    this.#kernel = kernel;
    this.#state = kernel.newHash();
  }

  update(bytes: Uint8Array): this {
    this.#kernel.addToHash(this.#state, bytes);
    return this;
  }

  /** The 32 bytes of all that came so far; more may follow. */
  digest(): Uint8Array<ArrayBuffer> {
    return this.#kernel.digest(this.#state);
  }

  /** `digest` in 64 lower-case digits, the form of `x-amz-meta-checksum`. */
  digestHex(): string {
    return Array.from(this.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

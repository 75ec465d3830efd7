import type { ProofDigest } from "#contracts/proof-record.ts";
import { joinBytes } from "../join-bytes.ts";

/** SHA-256 of bytes, 32 bytes. Node has it at once, a page's WebCrypto later. The bytes may change after the call. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export const DIGEST_BLOCK_BYTES = 65_536;
/** Block digests are listed up to here; above, only their root is. */
const MOST_LISTED = 4096;
/** Of each block's digest, in the list. */
const LISTED_BYTES = 8;

/** Takes a stream of bytes and digests it in blocks of 64 KiB (spec.md S15). */
export class BlockDigest {
  readonly #sha256: Sha256;
  readonly #block = new Uint8Array(DIGEST_BLOCK_BYTES);
  readonly #digests: (Uint8Array | Promise<Uint8Array>)[] = [];
  #held = 0;
  #bytes = 0;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  append(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    for (let from = 0; from < bytes.length; ) {
      const count = Math.min(bytes.length - from, DIGEST_BLOCK_BYTES - this.#held);
      this.#block.set(bytes.subarray(from, from + count), this.#held);
      this.#held += count;
      from += count;
      if (this.#held === DIGEST_BLOCK_BYTES) this.#close();
    }
  }

  /** Nothing can be appended any more. */
  async finish(): Promise<ProofDigest> {
    if (this.#held > 0 || this.#digests.length === 0) this.#close();
    const digests = await Promise.all(this.#digests);
    const root = hex(await this.#sha256(joinBytes(digests)));
    const isListed = digests.length <= MOST_LISTED;
    return {
      algorithm: "sha256",
      blockBytes: DIGEST_BLOCK_BYTES,
      bytes: this.#bytes,
      count: digests.length,
      root,
      blocks: isListed ? digests.map((each) => hex(each.subarray(0, LISTED_BYTES))) : null,
    };
  }

  #close(): void {
    this.#digests.push(this.#sha256(this.#block.subarray(0, this.#held)));
    this.#held = 0;
  }
}

/** Lower case. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

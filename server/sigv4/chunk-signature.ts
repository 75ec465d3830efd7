import { createHash, type Hash } from "node:crypto";
import {
  type CredentialScope,
  EMPTY_SHA256,
  hmac,
  type SigningKey,
  scopeText,
  sha256Hex,
} from "./signature.ts";
import { SignatureError } from "./signature-error.ts";
import { sameText } from "./verify.ts";

export interface ChunkSigner {
  readonly signingKey: SigningKey;
  readonly scope: CredentialScope;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly date: string;
  /** The request's own signature, from which the chain of chunks starts. */
  readonly signature: string;
}

/**
 * The chain of signatures over the chunks of one body: each covers the chunk and the signature before it
 * (S3 API reference, "Transferring Payload in Multiple Chunks").
 */
export class ChunkSignatureChain {
  readonly #signer: ChunkSigner;
  #previous: string;
  #hash: Hash = createHash("sha256");

  constructor(signer: ChunkSigner) {
    this.#signer = signer;
    this.#previous = signer.signature;
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** The signature of the chunk that `update` was given; the next one starts. */
  nextChunk(): string {
    const digest = this.#hash.digest("hex");
    this.#hash = createHash("sha256");
    return this.#sign("AWS4-HMAC-SHA256-PAYLOAD", [EMPTY_SHA256, digest]);
  }

  /** The signature of the trailers, in their canonical form `name:value\n…`. */
  trailer(canonicalTrailers: string): string {
    return this.#sign("AWS4-HMAC-SHA256-TRAILER", [sha256Hex(canonicalTrailers)]);
  }

  /** @throws SignatureError `SignatureDoesNotMatch`. */
  check(computed: string, sent: string | undefined): void {
    if (sent === undefined || !sameText(computed, sent))
      throw new SignatureError("SignatureDoesNotMatch", "A chunk's signature does not match its content.");
  }

  #sign(kind: string, hashes: readonly string[]): string {
    const { signingKey, scope, date } = this.#signer;
    const text = [kind, date, scopeText(scope), this.#previous, ...hashes].join("\n");
    this.#previous = hmac(signingKey, text).toString("hex");
    return this.#previous;
  }
}

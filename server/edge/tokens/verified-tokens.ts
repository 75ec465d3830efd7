import { createHash } from "node:crypto";
import type { CryptoKey } from "jose";

const MAX_TOKENS = 2_000;

/**
 * Payloads of tokens whose signature was found good, so that a client's next call with the same token costs a hash. Only
 * the signature is remembered: key and claims are looked at anew for each call. A token counts as seen with the very key
 * that it was checked with; a set that is loaded anew has none that was. Holds digests, no tokens.
 */
export class VerifiedTokens {
  readonly #seen = new Map<string, { readonly key: CryptoKey; readonly payload: unknown }>();

  /** The payload of a token that was checked with this key before; else what `verify` answers. */
  async payloadOf(token: string, key: CryptoKey, verify: () => Promise<unknown>): Promise<unknown> {
    const digest = createHash("sha256").update(token).digest("base64url");
    const known = this.#seen.get(digest);
    if (known?.key === key) return known.payload;
    const payload = await verify();
    this.#seen.delete(digest);
    this.#seen.set(digest, { key, payload });
    if (this.#seen.size > MAX_TOKENS) this.#seen.delete(this.#seen.keys().next().value!);
    return payload;
  }

  get size(): number {
    return this.#seen.size;
  }
}

import { createSecretKey, type KeyObject } from "node:crypto";
import { type CredentialScope, scopeText, signingKey } from "./signature.ts";

/** A signer uses one scope a day; more are strangers, or midnight. */
const KEPT = 8;

/**
 * Derives signing keys, and remembers the latest. As a key object, one costs a fifth of what bytes cost at each
 * signature; deriving takes four more.
 */
export class DayKeys {
  readonly #keys = new Map<string, KeyObject>();

  /** For `deriveKey` of signing and verifying. */
  readonly derive = (secretKey: string, scope: CredentialScope): KeyObject => {
    const name = `${scopeText(scope)}\n${secretKey}`;
    const known = this.#keys.get(name);
    if (known) return known;
    const key = createSecretKey(signingKey(secretKey, scope));
    if (this.#keys.size >= KEPT) this.#keys.delete(this.#keys.keys().next().value!);
    this.#keys.set(name, key);
    return key;
  };
}

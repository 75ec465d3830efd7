import { type CryptoKey, compactVerify, errors } from "jose";
import type { Clock } from "#kernel/clock.ts";
import { type Authenticator, refused } from "./authenticator.ts";
import { type ClaimRules, readClaims } from "./claims.ts";
import { readTokenHeader } from "./token-header.ts";
import type { VerificationKeys } from "./verification-keys.ts";
import { VerifiedTokens } from "./verified-tokens.ts";

/** Signed tokens (RFC 7519): first the form, then the signature by the key that its header names, then the claims. */
export function createTokenAuthenticator(
  deps: { readonly keys: VerificationKeys; readonly clock: Clock },
  rules: ClaimRules,
): Authenticator {
  const seen = new VerifiedTokens();
  return {
    async authenticate(token) {
      const { alg, key } = await deps.keys.find(readTokenHeader(token));
      const algorithms = alg === "EdDSA" ? ["EdDSA", "Ed25519"] : [alg];
      const payload = await seen.payloadOf(token, key, () => verified(token, key, algorithms));
      return readClaims(payload, rules, deps.clock.now() / 1000);
    },
  };
}

async function verified(token: string, key: CryptoKey, algorithms: string[]): Promise<unknown> {
  try {
    const { payload } = await compactVerify(token, key, { algorithms });
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch (cause) {
    // Messages of JSON.parse quote what they read.
    throw refused(cause instanceof errors.JOSEError ? cause.code : "unreadable");
  }
}

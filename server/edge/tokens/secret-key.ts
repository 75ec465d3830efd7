import { refused } from "./authenticator.ts";
import type { VerificationKey, VerificationKeys } from "./verification-keys.ts";

/** The shared secret, for HS256 and nothing else. */
export function secretKeys(secret: string): VerificationKeys {
  const imported: Promise<VerificationKey> = crypto.subtle
    .importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"])
    .then((key) => ({ alg: "HS256", kid: null, key }));
  return {
    find({ alg }) {
      return alg === "HS256" ? imported : Promise.reject(refused("signed with an unknown key"));
    },
  };
}

/** Tokens of the secret and tokens of public keys side by side: the algorithm tells which, never what fits. */
export function keysByAlgorithm(sources: {
  readonly secret: VerificationKeys | null;
  readonly published: VerificationKeys | null;
}): VerificationKeys {
  return {
    async find(header) {
      const source = header.alg === "HS256" ? sources.secret : sources.published;
      if (!source) throw refused("no key for its algorithm");
      return source.find(header);
    },
  };
}

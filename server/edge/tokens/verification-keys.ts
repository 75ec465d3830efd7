import type { CryptoKey } from "jose";
import type { Algorithm, TokenHeader } from "./token-header.ts";

/** A key and the one algorithm that it may be used with; what a token says of itself cannot change that. */
export interface VerificationKey {
  readonly alg: Algorithm;
  readonly kid: string | null;
  readonly key: CryptoKey;
}

/** The keys that are in force at this moment. */
export interface VerificationKeys {
  /** The one key that a token must be signed with. @throws AppError `unauthenticated` when there is none, `unavailable`
   *  while that cannot be known. */
  find(header: TokenHeader): Promise<VerificationKey>;
}

import { z } from "zod";
import { rawPrefix, USER_PATTERN } from "../../services/caller.ts";
import { type Principal, USER_SCOPES } from "../../services/principal.ts";
import { refused } from "./authenticator.ts";

/** spec.md S10: no token is older, whatever its `exp` says. */
export const MAX_TOKEN_SECONDS = 900;

const seconds = z.number().nonnegative();
const SCOPES = /^[a-z][a-z0-9._-]*(?: [a-z][a-z0-9._-]*)*$/;
const claimsSchema = z.object({
  sub: z.string().regex(USER_PATTERN),
  aud: z.union([z.string(), z.array(z.string())]),
  iss: z.string().optional(),
  iat: seconds,
  nbf: seconds,
  exp: seconds,
  bucket: z.string().min(1).max(63),
  objectKeyPrefix: z.string().min(1).max(1_024),
  maxSize: z.number().int().positive(),
  scope: z.union([z.literal(""), z.string().max(1_000).regex(SCOPES)]).optional(),
  use: z.literal("once").optional(),
  jti: z.string().min(1).max(256).optional(),
});

export interface ClaimRules {
  readonly audience: string;
  /** `null`: whoever holds a key may issue. */
  readonly issuer: string | null;
  /** Issuers whose clock runs ahead of ours by less are believed. */
  readonly toleranceSeconds: number;
}

/**
 * What the claims of a verified token allow. `nowSeconds` since the epoch. A tolerance is for issuers that are ahead; it
 * never lengthens a token's life. Pure.
 * @throws AppError `unauthenticated` that names the claim, not what is in it.
 */
export function readClaims(payload: unknown, rules: ClaimRules, nowSeconds: number): Principal {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success)
    throw refused(`claim ${parsed.error.issues[0]?.path.join(".") || "set"}: missing or wrong`);
  const claims = parsed.data;
  const { sub: user, iat, nbf, exp, bucket, objectKeyPrefix, maxSize, use, jti } = claims;
  if (![claims.aud].flat().includes(rules.audience)) throw refused("claim aud: another audience");
  if (rules.issuer !== null && claims.iss !== rules.issuer) throw refused("claim iss: another issuer");
  const latest = nowSeconds + rules.toleranceSeconds;
  if (iat > latest) throw refused("issued in the future");
  if (nbf > latest) throw refused("not valid yet");
  if (exp - iat > MAX_TOKEN_SECONDS) throw refused("lives longer than 15 minutes");
  if (nowSeconds - iat > MAX_TOKEN_SECONDS) throw refused("older than 15 minutes");
  if (exp <= nowSeconds) throw refused("expired");
  if (!objectKeyPrefix.startsWith(rawPrefix(user))) throw refused("prefix outside of the user's own");
  if (use === "once" && jti === undefined) throw refused("claim jti: missing in a token for one use");
  return {
    user,
    bucket,
    objectKeyPrefix,
    maxSize,
    scopes: new Set(claims.scope === undefined ? USER_SCOPES : claims.scope.split(" ").filter(Boolean)),
    oneUse: use === "once" ? { id: jti!, expiresAtMs: exp * 1000 } : null,
  };
}

import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { AppError } from "#kernel/errors.ts";
import { rawPrefix, USER_PATTERN } from "../../services/caller.ts";
import { ALL_SCOPES } from "../../services/principal.ts";
import { MAX_TOKEN_SECONDS } from "./claims.ts";

/** Who a token is for, where nobody says otherwise. */
export const DEFAULT_AUDIENCE = "platemark";
/** S3's largest object: 5 TiB. */
export const MAX_OBJECT_SIZE = 5 * 1024 ** 4;

export interface TokenGrant {
  readonly secret: string;
  readonly user: string;
  readonly bucket: string;
  /** Bytes of one picture. @default 5 TiB */
  readonly maxSize?: number;
  /** @default 900 */
  readonly ttlSeconds?: number;
  /** Unset: the user's scopes, as for any token without a `scope` claim. */
  readonly scopes?: readonly string[];
  /** May call each method once. @default false */
  readonly once?: boolean;
  /** @default "platemark" */
  readonly audience?: string;
  readonly issuer?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A token of the shared secret, within the user's own prefix.
 *  @throws AppError `invalid_argument` above 900 seconds, for a user that keys cannot carry, for an unknown scope. */
export async function mintToken(grant: TokenGrant): Promise<string> {
  const { user, bucket, maxSize = MAX_OBJECT_SIZE, ttlSeconds = MAX_TOKEN_SECONDS, scopes } = grant;
  if (!USER_PATTERN.test(user)) throw new AppError("invalid_argument", `“${user}” cannot be a user name.`);
  if (!(ttlSeconds >= 1 && ttlSeconds <= MAX_TOKEN_SECONDS))
    throw new AppError("invalid_argument", `A token lives 1 to ${MAX_TOKEN_SECONDS} seconds.`);
  if (!Number.isSafeInteger(maxSize) || maxSize < 1)
    throw new AppError("invalid_argument", "The largest picture is a whole number of bytes, at least 1.");
  const unknown = scopes?.find((scope) => !ALL_SCOPES.includes(scope));
  if (unknown !== undefined)
    throw new AppError("invalid_argument", `“${unknown}” is no scope; there are ${ALL_SCOPES.join(", ")}.`);
  const iat = Math.floor(grant.now / 1000);
  const token = new SignJWT({
    bucket,
    objectKeyPrefix: rawPrefix(user),
    maxSize,
    ...(scopes && { scope: scopes.join(" ") }),
    ...(grant.once && { use: "once", jti: randomUUID() }),
    ...(grant.issuer !== undefined && { iss: grant.issuer }),
  });
  return token
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(user)
    .setAudience(grant.audience ?? DEFAULT_AUDIENCE)
    .setIssuedAt(iat)
    .setNotBefore(iat)
    .setExpirationTime(iat + ttlSeconds)
    .sign(new TextEncoder().encode(grant.secret));
}

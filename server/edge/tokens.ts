import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { type Caller, rawPrefix, USER_PATTERN } from "../services/caller.ts";

/** Whom a bearer token stands for. @throws AppError `unauthenticated`; its message is for the log alone. */
export interface Authenticator {
  authenticate(token: string): Promise<Caller>;
}

const AUDIENCE = "platemark";
/** spec.md S10: no token is older, whatever its `exp` says. */
export const MAX_TOKEN_SECONDS = 900;
/** Issuers whose clock runs ahead of ours by less are believed. */
const AHEAD_SECONDS = 5;
/** S3's largest object: 5 TiB. */
export const MAX_OBJECT_SIZE = 5 * 1024 ** 4;

const claimsSchema = z.object({
  sub: z.string().regex(USER_PATTERN),
  iat: z.number(),
  exp: z.number(),
  bucket: z.string().min(1),
  objectKeyPrefix: z.string().min(1),
  maxSize: z.number().int().positive(),
});

/** Tokens signed with HS256 and a shared secret. Their prefix must lie within the user's own. */
export function createSecretAuthenticator(
  options: { readonly secret: string },
  deps: { readonly clock: Clock },
): Authenticator {
  const key = new TextEncoder().encode(options.secret);
  return {
    async authenticate(token) {
      const now = deps.clock.now() / 1000;
      const claims = await verify(token, key, now);
      if (claims.iat > now + AHEAD_SECONDS) throw refused("issued in the future");
      // Together these two also bound the age, whatever `exp` says.
      if (claims.exp - claims.iat > MAX_TOKEN_SECONDS) throw refused("lives longer than 15 minutes");
      if (claims.exp <= now) throw refused("expired");
      if (!claims.objectKeyPrefix.startsWith(rawPrefix(claims.sub)))
        throw refused("prefix outside of the user's own");
      const { bucket, objectKeyPrefix, maxSize } = claims;
      return { user: claims.sub, bucket, objectKeyPrefix, maxSize };
    },
  };
}

async function verify(token: string, key: Uint8Array, now: number): Promise<z.infer<typeof claimsSchema>> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      audience: AUDIENCE,
      clockTolerance: AHEAD_SECONDS,
      currentDate: new Date(now * 1000),
    });
    return claimsSchema.parse(payload);
  } catch (cause) {
    throw refused(reasonOf(cause), cause);
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof errors.JWTClaimValidationFailed || cause instanceof errors.JWTExpired)
    return `claim ${cause.claim}: ${cause.reason}`;
  if (cause instanceof errors.JOSEError) return cause.code;
  if (cause instanceof z.ZodError) return `claim ${cause.issues[0]?.path.join(".") ?? ""}: missing or wrong`;
  return "unreadable";
}

/** A token for `createSecretAuthenticator`, within the user's own prefix. `now` in milliseconds since the epoch.
 *  @throws AppError `invalid_argument` above 900 seconds or for a user that keys cannot carry. */
export async function mintToken(grant: {
  readonly secret: string;
  readonly user: string;
  readonly bucket: string;
  /** Bytes of one picture. @default 5 TiB */
  readonly maxSize?: number;
  /** @default 900 */
  readonly ttlSeconds?: number;
  readonly now: number;
}): Promise<string> {
  const { user, bucket, maxSize = MAX_OBJECT_SIZE, ttlSeconds = MAX_TOKEN_SECONDS } = grant;
  if (!USER_PATTERN.test(user)) throw new AppError("invalid_argument", `“${user}” cannot be a user name.`);
  if (ttlSeconds < 1 || ttlSeconds > MAX_TOKEN_SECONDS)
    throw new AppError("invalid_argument", `A token lives 1 to ${MAX_TOKEN_SECONDS} seconds.`);
  const iat = Math.floor(grant.now / 1000);
  return new SignJWT({ bucket, objectKeyPrefix: rawPrefix(user), maxSize })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(user)
    .setAudience(AUDIENCE)
    .setIssuedAt(iat)
    .setNotBefore(iat)
    .setExpirationTime(iat + ttlSeconds)
    .sign(new TextEncoder().encode(grant.secret));
}

/** 256 random bits for one launch of the embedded server. */
export function newLaunchToken(): string {
  return randomBytes(32).toString("base64url");
}

/** The embedded server's only user, by a token that lives as long as the process. */
export function createLaunchAuthenticator(options: {
  readonly token: string;
  readonly user: string;
  readonly bucket: string;
}): Authenticator {
  const expected = digest(options.token);
  const { user, bucket } = options;
  const caller: Caller = { user, bucket, objectKeyPrefix: rawPrefix(user), maxSize: MAX_OBJECT_SIZE };
  return {
    async authenticate(token) {
      if (!timingSafeEqual(digest(token), expected)) throw refused("not the token of this launch");
      return caller;
    },
  };
}

/** Equal lengths for the constant-time comparison. */
function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function refused(reason: string, cause?: unknown): AppError {
  return new AppError("unauthenticated", `Token refused: ${reason}.`, { retry: "reauth", cause });
}

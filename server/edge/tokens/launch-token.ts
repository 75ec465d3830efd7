import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { rawPrefix } from "../../services/caller.ts";
import { ALL_SCOPES, type Principal } from "../../services/principal.ts";
import { type Authenticator, refused } from "./authenticator.ts";
import { MAX_OBJECT_SIZE } from "./mint-token.ts";

/** 256 random bits for one launch of the embedded server. */
export function newLaunchToken(): string {
  return randomBytes(32).toString("base64url");
}

/** The embedded server's only user, who may do everything, by a token that lives as long as the process. */
export function createLaunchAuthenticator(options: {
  readonly token: string;
  readonly user: string;
  readonly bucket: string;
}): Authenticator {
  const expected = digest(options.token);
  const { user, bucket } = options;
  const principal: Principal = {
    user,
    bucket,
    objectKeyPrefix: rawPrefix(user),
    maxSize: MAX_OBJECT_SIZE,
    scopes: new Set(ALL_SCOPES),
    oneUse: null,
  };
  return {
    async authenticate(token) {
      if (!timingSafeEqual(digest(token), expected)) throw refused("not the token of this launch");
      return principal;
    },
  };
}

/** Equal lengths for the constant-time comparison. */
function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

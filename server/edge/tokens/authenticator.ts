import { AppError } from "#kernel/errors.ts";
import type { Principal } from "../../services/principal.ts";

/** Whom a bearer token stands for. */
export interface Authenticator {
  /** @throws AppError `unauthenticated`, whose message is for the log alone; `unavailable` while the keys that would
   *  tell cannot be had. */
  authenticate(token: string): Promise<Principal>;
}

/** `reason` never holds a part of the token. */
export function refused(reason: string, cause?: unknown): AppError {
  return new AppError("unauthenticated", `Token refused: ${reason}.`, {
    retry: "reauth",
    cause,
    details: { reason },
  });
}

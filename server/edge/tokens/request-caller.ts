import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Principal } from "../../services/principal.ts";
import type { Authenticator } from "./authenticator.ts";

/** Headers of a request, or the metadata that opens a stream in a websocket. Names in lower case. */
export type MutableHeaders = Record<string, string | string[] | undefined>;

const OWN_PREFIX = "x-auth-";
const BEARER = /^Bearer +([^\s]+) *$/i;

/**
 * Who calls, by the headers of a request or by the first message of a websocket, before anything of it runs. Takes out
 * whatever `x-auth-*` the client has sent, and puts in what the token says, for handlers and for what they call.
 * `null`: there is no token, or a refused one; why, only the log says.
 * @throws AppError `unavailable` while the keys that would tell cannot be had.
 */
export async function callerOfHeaders(
  deps: {
    readonly authenticator: Authenticator;
    readonly logger: Logger;
    /** Told why, in one of a few words. @default nobody */
    readonly refused?: (reason: string) => void;
  },
  headers: MutableHeaders,
  request: { readonly path: string },
): Promise<Principal | null> {
  for (const name of Object.keys(headers))
    if (name.toLowerCase().startsWith(OWN_PREFIX)) delete headers[name];
  const { authorization } = headers;
  if (authorization === undefined) return null;
  try {
    const token = bearerToken(authorization);
    const principal = await deps.authenticator.authenticate(token);
    headers["x-auth-user-id"] = principal.user;
    headers["x-auth-scope"] = [...principal.scopes].join(" ");
    return principal;
  } catch (error) {
    const failure = AppError.from(error);
    if (failure.code === "unavailable") throw failure;
    deps.logger.warn("request.refused", { path: request.path, reason: failure.message });
    deps.refused?.(String(failure.details.reason ?? "unreadable"));
    return null;
  }
}

/** @throws AppError `unauthenticated` for another scheme, and for more than one. */
export function bearerToken(authorization: string | readonly string[]): string {
  const [value = "", ...more] = typeof authorization === "string" ? [authorization] : authorization;
  const token = more.length === 0 ? BEARER.exec(value)?.[1] : undefined;
  if (token === undefined)
    throw new AppError("unauthenticated", "Token refused: no bearer token.", { retry: "reauth" });
  return token;
}

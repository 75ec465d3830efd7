import type { DescMethod } from "@bufbuild/protobuf";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Principal } from "../../services/principal.ts";
import type { CallObserver } from "../call-observer.ts";
import type { Exchange } from "../exchange.ts";
import type { Authenticator } from "../tokens/authenticator.ts";
import { callerOfHeaders, type MutableHeaders } from "../tokens/request-caller.ts";
import { assertMayCall } from "./method-gate.ts";

/** Who calls, and whether they may call this method. Answers `null` for nobody, at methods that are for everybody.
 *  @throws AppError `unauthenticated`, `permission_denied`, `unavailable`. */
export type Authorize = (
  exchange: Pick<Exchange, "path" | "logger"> & { readonly request: { readonly headers: MutableHeaders } },
  method: DescMethod,
) => Promise<Principal | null>;

export interface AuthorizationDeps {
  readonly authenticator: Authenticator;
  /** @default nobody */
  readonly observer?: CallObserver;
}

/** Bearer tokens. A refused one is as good as none; why it was refused, only the log says. */
export function createAuthorization(deps: AuthorizationDeps): Authorize {
  return ({ request, path, logger }, method) =>
    authorizeCall(deps, { headers: request.headers, path, logger, method });
}

/**
 * The same for whatever has headers: a request, or the first message of a websocket, whose call must not begin before.
 * Changes `headers`: what the token says takes the place of the client's own `x-auth-*`.
 * @throws AppError as {@link Authorize}.
 */
export async function authorizeCall(
  deps: AuthorizationDeps,
  call: {
    readonly headers: MutableHeaders;
    readonly method: DescMethod;
    readonly path: string;
    readonly logger: Logger;
  },
): Promise<Principal | null> {
  const { headers, method, path, logger } = call;
  const refused = (reason: string) => deps.observer?.refused("token", reason);
  const { authenticator } = deps;
  const principal = await callerOfHeaders({ authenticator, logger, refused }, headers, { path });
  try {
    assertMayCall(method, principal, logger);
  } catch (error) {
    if (AppError.from(error).code === "permission_denied") refused("scope missing");
    throw error;
  }
  return principal;
}

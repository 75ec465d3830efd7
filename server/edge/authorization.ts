import { AppError } from "#kernel/errors.ts";
import { policyOf } from "../rpc/method-policy.ts";
import type { Caller } from "../services/caller.ts";
import type { Exchange } from "./exchange.ts";
import type { Authenticator } from "./tokens.ts";

/** Who calls, and whether they may call this. Answers `null` for nobody, at methods that are for everybody.
 *  @throws AppError `unauthenticated` */
export type Authorize = (exchange: Exchange) => Promise<Caller | null>;

/** Bearer tokens. A refused one is as good as none; why it was refused, only the log says. */
export function createAuthorization(authenticator: Authenticator): Authorize {
  return async (exchange) => {
    const caller = await authenticate(authenticator, exchange);
    const anonymous = exchange.rpc !== null && policyOf(exchange.rpc)?.anonymous === true;
    if (caller === null && !anonymous)
      throw new AppError("unauthenticated", "No valid token.", { retry: "reauth" });
    return caller;
  };
}

async function authenticate(
  authenticator: Authenticator,
  { request, path, logger }: Exchange,
): Promise<Caller | null> {
  const token = /^Bearer +([^\s]+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) return null;
  try {
    return await authenticator.authenticate(token);
  } catch (error) {
    logger.warn("request.refused", { path, reason: AppError.from(error).message });
    return null;
  }
}

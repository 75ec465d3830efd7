import { type ContextKey, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Caller } from "../services/caller.ts";
import type { Principal } from "../services/principal.ts";

/** Set by the edge before a handler runs. */
export const callerKey: ContextKey<Principal | null> = createContextKey<Principal | null>(null);
export const loggerKey: ContextKey<Logger | null> = createContextKey<Logger | null>(null);
export const requestIdKey: ContextKey<string> = createContextKey("");

/** @throws AppError `unauthenticated` where the edge has let a call in without a token. */
export function callerOf(context: HandlerContext): Caller {
  const caller = context.values.get(callerKey);
  if (!caller) throw new AppError("unauthenticated", "No token.", { retry: "reauth" });
  return caller;
}

/** What services want to know of a call. */
export function callOptions(context: HandlerContext): { signal: AbortSignal; logger: Logger | undefined } {
  return { signal: context.signal, logger: context.values.get(loggerKey) ?? undefined };
}

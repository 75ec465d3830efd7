import { type ContextKey, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Cause } from "#kernel/trace-context.ts";
import type { Caller } from "../services/caller.ts";
import type { Principal } from "../services/principal.ts";
import type { CallOptions } from "../services/upload-deps.ts";

/** Set by the edge before a handler runs. */
export const callerKey: ContextKey<Principal | null> = createContextKey<Principal | null>(null);
export const loggerKey: ContextKey<Logger | null> = createContextKey<Logger | null>(null);
/** The request itself, as it goes on to what it causes. */
export const causeKey: ContextKey<Cause | null> = createContextKey<Cause | null>(null);

/** Told how the call ended, as gRPC names it: `ok`, `not_found`. */
export const outcomeKey: ContextKey<((outcome: string) => void) | null> = createContextKey<
  ((outcome: string) => void) | null
>(null);

/** @throws AppError `unauthenticated` where the edge has let a call in without a token. */
export function callerOf(context: HandlerContext): Caller {
  const caller = context.values.get(callerKey);
  if (!caller) throw new AppError("unauthenticated", "No token.", { retry: "reauth" });
  return caller;
}

/** What services want to know of a call. */
export function callOptions(context: HandlerContext): CallOptions {
  const { signal, values } = context;
  return {
    signal,
    logger: values.get(loggerKey) ?? undefined,
    cause: values.get(causeKey) ?? undefined,
  };
}

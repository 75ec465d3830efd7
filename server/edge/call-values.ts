import { type ContextValues, createContextValues } from "@connectrpc/connect";
import { callerKey, causeKey, loggerKey, outcomeKey } from "../rpc/call-context.ts";
import type { Exchange } from "./exchange.ts";

/** What a handler may know of the request that it answers. */
export function callValues(exchange: Exchange): ContextValues {
  return createContextValues()
    .set(callerKey, exchange.caller)
    .set(loggerKey, exchange.logger)
    .set(causeKey, exchange.identity)
    .set(outcomeKey, (outcome) => {
      exchange.outcome = outcome;
    });
}

import { type ContextValues, createContextValues } from "@connectrpc/connect";
import { callerKey, loggerKey, requestIdKey } from "../../rpc/call-context.ts";
import type { Exchange } from "../exchange.ts";

/** What the stations have learnt of a request, for its handler. */
export function callValues({ identity, caller, logger }: Exchange): ContextValues {
  return createContextValues()
    .set(callerKey, caller)
    .set(loggerKey, logger)
    .set(requestIdKey, identity.requestId);
}

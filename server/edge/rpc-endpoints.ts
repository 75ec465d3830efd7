import { createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { callerKey, causeKey, loggerKey, outcomeKey, requestIdKey } from "../rpc/call-context.ts";
import { clientSignal } from "./client-signal.ts";
import type { Endpoint } from "./endpoint.ts";

const NEVER = new AbortController().signal;

/**
 * The services' methods at their paths, over Connect, gRPC and gRPC-Web.
 * @param options.draining Ends streams, which have no end of their own, and refuses new ones; calls go on to their end.
 */
export function rpcEndpoints(
  handlers: readonly UniversalHandler[],
  { draining = NEVER }: { readonly draining?: AbortSignal } = {},
): Iterable<[string, Endpoint]> {
  return handlers.map((handler) => [
    handler.requestPath,
    { rpc: handler.method, access: handler.method, serve: serveRpc(handler, draining) },
  ]);
}

function serveRpc(handler: UniversalHandler, draining: AbortSignal): Endpoint["serve"] {
  const isStream = handler.method.methodKind !== "unary";
  return async (exchange) => {
    const { request, response, caller, logger, identity } = exchange;
    if (isStream && draining.aborted) throw draining.reason;
    const values = createContextValues()
      .set(callerKey, caller)
      .set(loggerKey, logger)
      .set(requestIdKey, identity.requestId)
      .set(causeKey, identity)
      .set(outcomeKey, (outcome) => {
        exchange.outcome = outcome;
      });
    const universal = universalRequestFromNodeRequest(request, response, undefined, values);
    const client = clientSignal(request, response);
    const signal = isStream ? AbortSignal.any([client, draining]) : client;
    const answer = await handler({ ...universal, signal });
    return universalResponseToNodeResponse(answer, response);
  };
}

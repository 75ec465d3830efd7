import { createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { callerKey, loggerKey } from "../rpc/call-context.ts";
import { clientSignal } from "./client-signal.ts";
import type { Endpoint } from "./endpoint.ts";

/** The services' methods at their paths, over Connect, gRPC and gRPC-Web. */
export function rpcEndpoints(handlers: readonly UniversalHandler[]): Iterable<[string, Endpoint]> {
  return handlers.map((handler) => [handler.requestPath, { rpc: handler.method, serve: serveRpc(handler) }]);
}

function serveRpc(handler: UniversalHandler): Endpoint["serve"] {
  return async ({ request, response, caller, logger }) => {
    const values = createContextValues().set(callerKey, caller).set(loggerKey, logger);
    const universal = universalRequestFromNodeRequest(request, response, undefined, values);
    const answer = await handler({ ...universal, signal: clientSignal(request, response) });
    return universalResponseToNodeResponse(answer, response);
  };
}

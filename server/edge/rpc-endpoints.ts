import { createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { callerKey, loggerKey, requestIdKey } from "../rpc/call-context.ts";
import type { Endpoint } from "./endpoint.ts";

/** The services' methods at their paths, over Connect, gRPC and gRPC-Web. */
export function rpcEndpoints(handlers: readonly UniversalHandler[]): Iterable<[string, Endpoint]> {
  return handlers.map((handler) => [
    handler.requestPath,
    { rpc: handler.method, access: handler.method, serve: serveRpc(handler) },
  ]);
}

function serveRpc(handler: UniversalHandler): Endpoint["serve"] {
  return async ({ request, response, identity, caller, logger }) => {
    const values = createContextValues()
      .set(callerKey, caller)
      .set(loggerKey, logger)
      .set(requestIdKey, identity.requestId);
    const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, values));
    return universalResponseToNodeResponse(answer, response);
  };
}

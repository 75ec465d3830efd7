import { createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { callerKey, loggerKey } from "../rpc/call-context.ts";
import { clientSignal } from "./client-signal.ts";
import type { Endpoint } from "./endpoint.ts";

/** A client that takes nothing for so long is gone, or has forgotten what it asked for. */
const STALLED_MS = 60_000;

/** The services' methods at their paths, over Connect, gRPC and gRPC-Web. @param options.stalledMs @default 60_000 */
export function rpcEndpoints(
  handlers: readonly UniversalHandler[],
  { stalledMs = STALLED_MS } = {},
): Iterable<[string, Endpoint]> {
  return handlers.map((handler) => [
    handler.requestPath,
    { rpc: handler.method, serve: serveRpc(handler, stalledMs) },
  ]);
}

function serveRpc(handler: UniversalHandler, stalledMs: number): Endpoint["serve"] {
  return async ({ request, response, caller, logger }) => {
    const values = createContextValues().set(callerKey, caller).set(loggerKey, logger);
    const universal = universalRequestFromNodeRequest(request, response, undefined, values);
    const answer = await handler({ ...universal, signal: clientSignal(request, response, { stalledMs }) });
    return universalResponseToNodeResponse(answer, response);
  };
}

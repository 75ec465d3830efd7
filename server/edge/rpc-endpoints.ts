import type { RpcMethod, RpcMethods, RpcOptions } from "../rpc/rpc-methods.ts";
import type { Endpoint } from "./endpoint.ts";
import { serveGeneral } from "./protocols/general-endpoint.ts";
import { unaryEndpoint } from "./protocols/unary-endpoint.ts";

/** A client that takes nothing for so long is gone, or has forgotten what it asked for. */
const STALLED_MS = 60_000;

/** The services' methods at their paths, over Connect, gRPC, gRPC-Web and its text form.
 *  @param options.stalledMs @default 60_000 */
export function rpcEndpoints(
  methods: RpcMethods,
  { stalledMs = STALLED_MS } = {},
): Iterable<[string, Endpoint]> {
  return methods.all.map((method): [string, Endpoint] => [
    method.handler.requestPath,
    { rpc: method.spec.method, serve: serveRpc(method, methods.options, stalledMs) },
  ]);
}

function serveRpc({ spec, handler }: RpcMethod, options: RpcOptions, stalledMs: number): Endpoint["serve"] {
  if (spec.kind !== "unary") return (exchange) => serveGeneral(handler, exchange, { read: null, stalledMs });
  const serveUnary = unaryEndpoint(spec, options);
  return async (exchange) => {
    const rest = await serveUnary(exchange);
    if (rest) await serveGeneral(handler, exchange, { read: rest.body, stalledMs });
  };
}

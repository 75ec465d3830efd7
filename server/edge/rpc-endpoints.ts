import type { RpcMethod, RpcMethods, RpcOptions } from "../rpc/rpc-methods.ts";
import type { Endpoint } from "./endpoint.ts";
import { serveGeneral } from "./protocols/general-endpoint.ts";
import { unaryEndpoint } from "./protocols/unary-endpoint.ts";

/** The services' methods at their paths, over Connect, gRPC, gRPC-Web and its text form. */
export function rpcEndpoints(methods: RpcMethods): Iterable<[string, Endpoint]> {
  return methods.all.map((method): [string, Endpoint] => [
    method.handler.requestPath,
    { rpc: method.spec.method, access: method.spec.method, serve: serveRpc(method, methods.options) },
  ]);
}

function serveRpc({ spec, handler }: RpcMethod, options: RpcOptions): Endpoint["serve"] {
  if (spec.kind !== "unary") return (exchange) => serveGeneral(handler, exchange, null);
  const serveUnary = unaryEndpoint(spec, options);
  return async (exchange) => {
    const rest = await serveUnary(exchange);
    if (rest) await serveGeneral(handler, exchange, rest.body);
  };
}

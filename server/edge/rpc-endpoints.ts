import type { RpcMethod, RpcMethods, RpcOptions } from "../rpc/rpc-methods.ts";
import type { Endpoint } from "./endpoint.ts";
import { serveGeneral } from "./protocols/general-endpoint.ts";
import { unaryEndpoint } from "./protocols/unary-endpoint.ts";

const NEVER = new AbortController().signal;
/** A client that takes nothing for so long is gone, or has forgotten what it asked for. */
const STALLED_MS = 60_000;

export interface RpcEndpointOptions {
  /** Ends streams, which have no end of their own, and refuses new ones; calls go on to their end. @default never */
  readonly draining?: AbortSignal;
  /** @default 60_000 */
  readonly stalledMs?: number;
}

/** The services' methods at their paths, over Connect, gRPC, gRPC-Web and its text form. */
export function rpcEndpoints(
  methods: RpcMethods,
  { draining = NEVER, stalledMs = STALLED_MS }: RpcEndpointOptions = {},
): Iterable<[string, Endpoint]> {
  return methods.all.map((rpc): [string, Endpoint] => {
    const { method } = rpc.spec;
    const serve = serveRpc(rpc, methods.options, { draining, stalledMs });
    return [rpc.handler.requestPath, { rpc: method, access: method, serve }];
  });
}

function serveRpc(
  { spec, handler }: RpcMethod,
  options: RpcOptions,
  { draining, stalledMs }: Required<RpcEndpointOptions>,
): Endpoint["serve"] {
  if (spec.kind !== "unary")
    return async (exchange) => {
      if (draining.aborted) throw draining.reason;
      await serveGeneral(handler, exchange, { read: null, stalledMs, draining });
    };
  const serveUnary = unaryEndpoint(spec, options);
  return async (exchange) => {
    const rest = await serveUnary(exchange);
    if (rest) await serveGeneral(handler, exchange, { read: rest.body, stalledMs, draining: NEVER });
  };
}

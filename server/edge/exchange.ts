import type { DescMethod } from "@bufbuild/protobuf";
import type { Clock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { Tracer } from "#kernel/tracer.ts";
import type { Principal } from "../services/principal.ts";
import type { NodeServerRequest, NodeServerResponse } from "./listener/node-http.ts";
import { identify, type RequestIdentity } from "./request-identity.ts";

/** One request on its way through the edge, and what the stations have learnt about it. */
export interface Exchange {
  readonly request: NodeServerRequest;
  readonly response: NodeServerResponse;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly identity: RequestIdentity;
  /** Names the request in every line. */
  readonly logger: Logger;
  /** The service's method that the path names, with its policy among the options; `null`: a plain JSON route, or
   *  nothing found yet. */
  rpc: DescMethod | null;
  /** Set by the station that reads tokens; `null`: nobody, which only anonymous methods accept. */
  caller: Principal | null;
  /** How it ended, as gRPC names it; `null`: not known yet, or nothing that has a code. */
  outcome: string | null;
}

/** Reads who the request is, says so in the answer's headers, and logs its end. */
export function openExchange(
  request: NodeServerRequest,
  response: NodeServerResponse,
  deps: {
    readonly clock: Clock;
    readonly random: Random;
    /** @default none */
    readonly tracer?: Tracer;
    readonly logger: Logger;
  },
): Exchange {
  const identity = identify(
    {
      requestId: header(request, "x-request-id"),
      traceparent: header(request, "traceparent"),
      tracestate: list(request, "tracestate"),
      baggage: list(request, "baggage"),
    },
    deps.random,
    deps.tracer,
  );
  const { requestId, traceId, traceparent } = identity;
  response.setHeader("x-request-id", requestId);
  response.setHeader("traceparent", traceparent);
  const logger = deps.logger.child({ requestId, traceId });
  const method = request.method ?? "";
  const path = (request.url ?? "").split("?", 1)[0]!;
  const startedMs = deps.clock.now();
  response.once("close", () =>
    logger.debug("request.finished", {
      method,
      path,
      status: response.statusCode,
      ms: deps.clock.now() - startedMs,
    }),
  );
  return { request, response, method, path, identity, logger, rpc: null, caller: null, outcome: null };
}

/** A header's value; the first of several. */
export function header(request: NodeServerRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Lists of this kind may be spread over several headers. */
function list(request: NodeServerRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

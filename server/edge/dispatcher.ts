import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import { noTracer, type Tracer } from "#kernel/tracer.ts";
import type { Admission } from "./admission/admission.ts";
import type { Authorize } from "./admission/authorization.ts";
import { answerJson } from "./answers/answers.ts";
import { answerError, answerNotFound } from "./answers/refusals.ts";
import { unwatched } from "./call-observer.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Exchange, openExchange } from "./exchange.ts";
import type { NodeServerRequest, NodeServerResponse } from "./listener/node-http.ts";
import { decideOrigin, type OriginStation } from "./origins/origin-station.ts";
import { startServerSpan } from "./server-span.ts";

export interface DispatcherDeps extends OriginStation {
  /** By path; asked before the origin counts. */
  readonly probes: ReadonlyMap<string, (exchange: Exchange) => Promise<void> | void>;
  readonly admission: Admission;
  readonly authorize: Authorize;
  /** By path. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly clock: Clock;
  readonly random: Random;
  /** @default none */
  readonly tracer?: Tracer;
  readonly logger: Logger;
}

/**
 * Every request's way: identity → origin (CORS) → address's rate limit → path → token and scope → caller's rate limit,
 * token for one use → protocol and handler. A station answers, throws, or lets the request pass; whatever is thrown is
 * answered in the form that the request's protocol reads, with the headers that the stations before have set.
 */
export function createDispatcher(
  deps: DispatcherDeps,
): (request: NodeServerRequest, response: NodeServerResponse) => void {
  const { tracer = noTracer, observer = unwatched } = deps;
  return (request, response) => {
    const exchange = openExchange(request, response, deps);
    observer.began(exchange);
    const span = startServerSpan(tracer, exchange, deps.endpoints.get(exchange.path)?.rpc);
    tracer.within(span, exchange.identity, () =>
      dispatch(deps, exchange).catch((error: unknown) => {
        const failure = AppError.from(error);
        if (ConnectError.from(error).code === Code.Aborted || failure.code === "aborted") return;
        if (!response.headersSent) return answerError(exchange, error);
        exchange.logger.warn("request.broken", { path: exchange.path, reason: failure.message });
        response.destroy();
      }),
    );
  };
}

async function dispatch(deps: DispatcherDeps, exchange: Exchange): Promise<void> {
  const { path } = exchange;
  const origin = decideOrigin(deps, exchange);
  if (origin.kind === "allowed" && origin.preflight) return answerJson(exchange.response, 204, undefined);
  const probe = deps.probes.get(path);
  if (probe) return probe(exchange);
  if (origin.kind === "forbidden") throw new AppError("permission_denied", "This call is not allowed.");

  await deps.admission.admitAddress(exchange);
  const endpoint = deps.endpoints.get(path);
  if (!endpoint) return answerNotFound(exchange);
  exchange.rpc = endpoint.rpc;
  exchange.caller = await deps.authorize(exchange, endpoint.access);
  await deps.admission.admitCaller(exchange, endpoint.access);
  return endpoint.serve(exchange);
}

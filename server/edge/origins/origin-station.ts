import type { CallObserver } from "../call-observer.ts";
import { type Exchange, header } from "../exchange.ts";
import { type CorsDecision, type CorsRequest, namedOrigin } from "./cors.ts";

export interface OriginStation {
  readonly decideOrigin: (request: CorsRequest) => CorsDecision;
  /** @default nobody */
  readonly observer?: CallObserver;
}

/** Decides on the page that a request or an upgrade comes from, says why one is refused, and sets the headers that every
 *  answer carries from here on, refusals too. */
export function decideOrigin(
  deps: OriginStation,
  { request, response, method, path, logger }: Exchange,
): CorsDecision {
  const page = { origin: header(request, "origin"), referer: header(request, "referer") };
  const decision = deps.decideOrigin({
    ...page,
    method,
    requestedMethod: header(request, "access-control-request-method"),
    requestedPrivateNetwork: header(request, "access-control-request-private-network"),
  });
  for (const [name, value] of Object.entries(decision.headers)) response.setHeader(name, value);
  if (decision.kind === "forbidden") {
    deps.observer?.refused("origin", "not_allowed");
    logger.warn("request.refused", { path, reason: decision.reason, origin: namedOrigin(page) });
  }
  return decision;
}

import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import { callerKey, loggerKey, requestIdKey } from "../rpc/call-context.ts";
import type { MethodGate } from "../rpc/method-gate.ts";
import type { Health } from "../services/health.ts";
import { answerError, answerJson, answerNotFound } from "./answers.ts";
import { decideCors } from "./cors.ts";
import type { JsonRoute } from "./json-routes.ts";
import type { NodeServerRequest, NodeServerResponse } from "./node-http.ts";
import { MAX_ORIGIN_LENGTH } from "./origins/origin.ts";
import type { OriginList } from "./origins/origin-list.ts";
import { identify, type RequestIdentity } from "./request-identity.ts";
import type { Authenticator } from "./tokens/authenticator.ts";
import { callerOfHeaders } from "./tokens/request-caller.ts";

export interface DispatcherDeps {
  readonly handlers: readonly UniversalHandler[];
  readonly routes: ReadonlyMap<string, JsonRoute>;
  readonly health: Health;
  readonly authenticator: Authenticator;
  /** Decides who may call what; the same as the handlers'. */
  readonly gate: MethodGate;
  /** `list` is taken once for each request: it sees the old one or the new. */
  readonly origins: { readonly list: OriginList };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Fires when the server drains: `/readyz` says so. */
  readonly draining: AbortSignal;
}

/** Every request's way: CORS → identity → token → a service over gRPC, gRPC-Web or Connect, or a JSON route. */
export function createDispatcher(
  deps: DispatcherDeps,
): (request: NodeServerRequest, response: NodeServerResponse) => void {
  const handlers = new Map(deps.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const identity = identify(
      {
        requestId: single(request.headers["x-request-id"]),
        traceparent: single(request.headers.traceparent),
      },
      deps.random,
    );
    const logger = deps.logger.child({ requestId: identity.requestId, traceId: identity.traceId });
    const startedMs = deps.clock.now();
    const path = (request.url ?? "").split("?", 1)[0]!;
    response.once("close", () =>
      logger.debug("request.finished", {
        method: request.method,
        path,
        status: response.statusCode,
        ms: deps.clock.now() - startedMs,
      }),
    );
    dispatch({ ...deps, logger }, handlers, identity, path, request, response).catch((error: unknown) => {
      const failure = AppError.from(error);
      if (ConnectError.from(error).code === Code.Aborted || failure.code === "aborted") return;
      if (!response.headersSent) return answerError(request, response, failure);
      logger.warn("request.broken", { path, reason: failure.message });
      response.destroy();
    });
  };
}

async function dispatch(
  deps: DispatcherDeps,
  handlers: ReadonlyMap<string, UniversalHandler>,
  identity: RequestIdentity,
  path: string,
  request: NodeServerRequest,
  response: NodeServerResponse,
): Promise<void> {
  const cors = decideCors(deps.origins.list, {
    method: request.method ?? "",
    origin: single(request.headers.origin),
    referer: single(request.headers.referer),
    requestedMethod: single(request.headers["access-control-request-method"]),
    requestedPrivateNetwork: single(request.headers["access-control-request-private-network"]),
  });
  const own = { "x-request-id": identity.requestId, traceparent: identity.traceparent };
  for (const [name, value] of Object.entries({ ...cors.headers, ...own })) response.setHeader(name, value);
  if (cors.kind === "allowed" && cors.preflight) return answerJson(response, 204, undefined);
  if (path === "/healthz") return answerJson(response, 200, { serving: true });
  if (path === "/readyz") return answerReadiness(deps, response);
  if (cors.kind === "forbidden") {
    deps.logger.warn("request.refused", { path, reason: cors.reason, origin: namedOrigin(request) });
    return answerError(request, response, new AppError("permission_denied", "This call is not allowed."));
  }

  const handler = handlers.get(path);
  const route = deps.routes.get(path);
  if (!handler && !route) return answerNotFound(request, response);
  const caller = await callerOfHeaders(deps, request.headers, { path });
  if (handler) {
    const values = createContextValues()
      .set(callerKey, caller)
      .set(loggerKey, deps.logger)
      .set(requestIdKey, identity.requestId);
    const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, values));
    return universalResponseToNodeResponse(answer, response);
  }
  if (request.method !== "POST") {
    response.setHeader("allow", "POST");
    return answerJson(response, 405, { error: { code: "invalid_argument", message: "Use POST." } });
  }
  await deps.gate.admit(route!.method, caller, deps.logger);
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  const { logger } = deps;
  answerJson(
    response,
    200,
    await route!.answer({ body: request, caller: caller!, logger, signal: closed.signal }),
  );
}

async function answerReadiness(deps: DispatcherDeps, response: NodeServerResponse): Promise<void> {
  const { serving, components } = await deps.health.check();
  const ready = serving && !deps.draining.aborted;
  // Messages of components name addresses inside; whoever may see them asks HealthService with a log at hand.
  const names = components.map(({ name, serving: well }) => ({ name, serving: well }));
  answerJson(response, ready ? 200 : 503, { serving: ready, components: names });
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** What a refused page says of its origin, for the log: no path, no query, and not without end. */
function namedOrigin({ headers }: NodeServerRequest): string {
  const named = single(headers.origin) ?? /^[^/?#]*\/\/[^/?#]*/.exec(headers.referer ?? "")?.[0] ?? "";
  return named.slice(0, MAX_ORIGIN_LENGTH);
}

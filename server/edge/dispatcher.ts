import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { Tracer } from "#kernel/tracer.ts";
import { callerKey, causeKey, loggerKey } from "../rpc/call-context.ts";
import type { Caller } from "../services/caller.ts";
import type { Health } from "../services/health.ts";
import { answerError, answerJson, answerNotFound } from "./answers.ts";
import { type CorsPolicy, decideCors } from "./cors.ts";
import type { JsonRoute } from "./json-routes.ts";
import type { NodeServerRequest, NodeServerResponse } from "./node-http.ts";
import { identify, type RequestIdentity } from "./request-identity.ts";
import { startServerSpan } from "./server-span.ts";
import type { Authenticator } from "./tokens.ts";

export interface DispatcherDeps {
  readonly handlers: readonly UniversalHandler[];
  readonly routes: ReadonlyMap<string, JsonRoute>;
  readonly health: Health;
  readonly authenticator: Authenticator;
  readonly cors: CorsPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly tracer: Tracer;
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
        tracestate: joined(request.headers.tracestate),
        baggage: joined(request.headers.baggage),
      },
      deps.random,
      deps.tracer,
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
    const span = startServerSpan(deps, identity, path, request, response);
    deps.tracer.within(span, identity, () =>
      dispatch({ ...deps, logger }, handlers, identity, path, request, response).catch((error: unknown) => {
        const failure = AppError.from(error);
        if (ConnectError.from(error).code === Code.Aborted || failure.code === "aborted") return;
        if (!response.headersSent) return answerError(request, response, failure);
        logger.warn("request.broken", { path, reason: failure.message });
        response.destroy();
      }),
    );
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
  const cors = decideCors(deps.cors, {
    method: request.method ?? "",
    origin: single(request.headers.origin),
    requestedMethod: single(request.headers["access-control-request-method"]),
  });
  const own = { "x-request-id": identity.requestId, traceparent: identity.traceparent };
  for (const [name, value] of Object.entries({ ...cors.headers, ...own })) response.setHeader(name, value);
  if (cors.kind === "allowed" && cors.preflight) return answerJson(response, 204, undefined);
  if (path === "/healthz") return answerJson(response, 200, { serving: true });
  if (path === "/readyz") return answerReadiness(deps, response);
  if (cors.kind === "forbidden") {
    deps.logger.warn("request.refused", {
      path,
      reason: "origin not allowed",
      origin: request.headers.origin,
    });
    return answerError(request, response, new AppError("permission_denied", "This origin is not allowed."));
  }

  const handler = handlers.get(path);
  const route = deps.routes.get(path);
  if (!handler && !route) return answerNotFound(request, response);
  const caller = await authenticate(deps, path, request);
  if (handler) {
    const values = createContextValues()
      .set(callerKey, caller)
      .set(loggerKey, deps.logger)
      .set(causeKey, identity);
    const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, values));
    return universalResponseToNodeResponse(answer, response);
  }
  if (request.method !== "POST") {
    response.setHeader("allow", "POST");
    return answerJson(response, 405, { error: { code: "invalid_argument", message: "Use POST." } });
  }
  if (!caller) throw new AppError("unauthenticated", "No valid token.", { retry: "reauth" });
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  const { logger } = deps;
  answerJson(
    response,
    200,
    await route!({ body: request, caller, logger, signal: closed.signal, cause: identity }),
  );
}

/** `null`: no token, or a refused one. Why, only the log says. */
async function authenticate(
  deps: DispatcherDeps,
  path: string,
  request: NodeServerRequest,
): Promise<Caller | null> {
  const token = /^Bearer +([^\s]+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) return null;
  try {
    return await deps.authenticator.authenticate(token);
  } catch (error) {
    deps.logger.warn("request.refused", { path, reason: AppError.from(error).message });
    return null;
  }
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

/** Lists of this kind may be spread over several headers. */
function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}

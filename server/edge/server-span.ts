import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { Span, Tracer } from "#kernel/tracer.ts";
import type { NodeServerRequest, NodeServerResponse } from "./node-http.ts";
import type { RequestIdentity } from "./request-identity.ts";

const OTHER = "other";

/** The span of one call, which ends with its answer. Paths that nobody has registered are one: names of spans are few. */
export function startServerSpan(
  deps: {
    readonly tracer: Tracer;
    readonly handlers: readonly UniversalHandler[];
    readonly routes: ReadonlyMap<string, unknown>;
  },
  identity: RequestIdentity,
  path: string,
  request: NodeServerRequest,
  response: NodeServerResponse,
): Span {
  const { tracer } = deps;
  const handler = tracer.recording
    ? deps.handlers.find(({ requestPath }) => requestPath === path)
    : undefined;
  const span = tracer.start(handler || deps.routes.has(path) ? path.slice(1) : OTHER, {
    kind: "server",
    parent: identity.parent ?? undefined,
    traceId: identity.traceId,
    spanId: identity.spanId,
    attributes: {
      "http.request.method": request.method ?? "",
      "platemark.request.id": identity.requestId,
      ...(handler && {
        "rpc.system": systemOf(request.headers["content-type"] ?? ""),
        "rpc.service": handler.service.typeName,
        "rpc.method": handler.method.name,
      }),
    },
  });
  if (tracer.recording)
    response.once("close", () => {
      span.set({ "http.response.status_code": response.statusCode });
      if (response.statusCode >= 500) span.fail(String(response.statusCode));
      else if (!response.writableFinished) span.fail("aborted");
      span.end();
    });
  return span;
}

function systemOf(contentType: string): string {
  return contentType.startsWith("application/grpc") ? "grpc" : "connect_rpc";
}

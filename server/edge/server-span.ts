import type { DescMethod } from "@bufbuild/protobuf";
import type { Span, Tracer } from "#kernel/tracer.ts";
import { isGrpcKind, wireFormOf } from "./answers/wire-form.ts";
import { type Exchange, header } from "./exchange.ts";

const OTHER = "other";

/**
 * The span of one call, which ends with its answer. Paths that nobody has registered are one: names of spans are few.
 * @param rpc The method at the path; `null`: a JSON route; `undefined`: nothing.
 */
export function startServerSpan(
  tracer: Tracer,
  exchange: Exchange,
  rpc: DescMethod | null | undefined,
): Span {
  const { identity, method, path, request, response } = exchange;
  const form = wireFormOf(header(request, "content-type"), rpc ?? null);
  const span = tracer.start(rpc === undefined ? OTHER : path.slice(1), {
    kind: "server",
    parent: identity.parent ?? undefined,
    traceId: identity.traceId,
    spanId: identity.spanId,
    attributes: {
      "http.request.method": method,
      "platemark.request.id": identity.requestId,
      ...(rpc && {
        "rpc.system": isGrpcKind(form) ? "grpc" : "connect_rpc",
        "rpc.service": rpc.parent.typeName,
        "rpc.method": rpc.name,
      }),
    },
  });
  if (tracer.recording)
    response.once("close", () => {
      span.set({
        "http.response.status_code": response.statusCode,
        ...(exchange.outcome !== null && { "rpc.response.status_code": exchange.outcome }),
      });
      if (exchange.outcome === "internal" || response.statusCode >= 500)
        span.fail(exchange.outcome ?? "internal");
      else if (exchange.outcome === null && !response.writableFinished) span.fail("aborted");
      span.end();
    });
  return span;
}

import type { Logger } from "#kernel/logger.ts";
import type { Tracer } from "#kernel/tracer.ts";
import { createCauseTracer } from "./cause-tracer.ts";

export interface TracingOptions {
  /** Base URL of an OTLP receiver, for example `http://127.0.0.1:4318`. Undefined: no spans. */
  readonly endpoint: string | undefined;
  /** `service.name`. */
  readonly service: string;
  readonly version: string;
}

/** Spans to the endpoint, if there is one. OpenTelemetry is loaded only then: it costs time and memory at the start. */
export async function openTracer(
  options: TracingOptions,
  deps: { readonly logger: Logger },
): Promise<Tracer> {
  const { endpoint } = options;
  if (endpoint === undefined) return createCauseTracer();
  const { createOtelTracer } = await import("./otel-tracer.ts");
  return createOtelTracer({ ...options, endpoint }, deps);
}

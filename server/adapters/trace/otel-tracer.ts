import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Context,
  createTraceState,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type IdGenerator,
  ParentBasedSampler,
  RandomIdGenerator,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Logger } from "#kernel/logger.ts";
import {
  type Cause,
  causeHeaders,
  formatTraceparent,
  parseTraceparent,
  type TraceContext,
} from "#kernel/trace-context.ts";
import type { Span, SpanAttributes, SpanOptions, Tracer } from "#kernel/tracer.ts";
import { redactFields } from "../log/redact.ts";

export interface OtelTracerOptions {
  readonly endpoint: string;
  readonly service: string;
  readonly version: string;
}

/** How long a stop waits for the last spans to be sent. Milliseconds. */
const EXPORT_TIMEOUT_MS = 5_000;
const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
} as const;

/** Spans over OTLP, protobuf on HTTP. Nothing of OpenTelemetry's global state is used. */
export function createOtelTracer(options: OtelTracerOptions, deps: { readonly logger: Logger }): Tracer {
  return new OtelTracer(options, deps.logger);
}

interface Place {
  readonly context: Context;
  readonly cause: Cause | null;
}

class OtelTracer implements Tracer {
  readonly recording = true;
  readonly #ids = new GivenIds();
  readonly #places = new AsyncLocalStorage<Place>();
  readonly #provider: TracerProvider;
  readonly #tracer;
  readonly #logger: Logger;

  constructor({ endpoint, service, version }: OtelTracerOptions, logger: Logger) {
    this.#logger = logger;
    const exporter = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/+$/, "").replace(/\/v1\/traces$/, "")}/v1/traces`,
      timeoutMillis: EXPORT_TIMEOUT_MS,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        "service.name": service,
        "service.version": version,
        "process.pid": process.pid,
      }),
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      idGenerator: this.#ids,
      spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
    });
    this.#tracer = this.#provider.getTracer("platemark", version);
  }

  start(name: string, options: SpanOptions = {}): Span {
    const { kind = "internal", parent, traceId, spanId, links = [], attributes = {} } = options;
    const within = this.#places.getStore()?.context ?? ROOT_CONTEXT;
    const remote = parent && spanContextOf(parent);
    const from = remote
      ? trace.setSpanContext(ROOT_CONTEXT, remote)
      : traceId === undefined
        ? within
        : ROOT_CONTEXT;
    const span = this.#ids.give({ traceId, spanId }, () =>
      this.#tracer.startSpan(
        name,
        {
          kind: KINDS[kind],
          attributes: redacted(attributes),
          links: links.flatMap((link) => {
            const context = spanContextOf(link);
            return context ? [{ context }] : [];
          }),
        },
        from,
      ),
    );
    return new RecordedSpan(span, trace.setSpan(from, span));
  }

  within<T>(span: Span, cause: Cause | null, work: () => T): T {
    const place = this.#places.getStore();
    const context = span instanceof RecordedSpan ? span.context : (place?.context ?? ROOT_CONTEXT);
    return this.#places.run({ context, cause: cause ?? place?.cause ?? null }, work);
  }

  outgoing(): Readonly<Record<string, string>> {
    const place = this.#places.getStore();
    if (!place?.cause) return {};
    const active = trace.getSpanContext(place.context);
    return causeHeaders({
      ...place.cause,
      ...(active && {
        traceparent: formatTraceparent({
          traceId: active.traceId,
          spanId: active.spanId,
          flags: active.traceFlags.toString(16).padStart(2, "0"),
        }),
      }),
    });
  }

  async close(): Promise<void> {
    // A receiver that is away keeps nobody from stopping.
    await this.#provider
      .shutdown()
      .catch((error: unknown) => this.#logger.warn("spans.not_sent", { reason: String(error) }));
  }
}

class RecordedSpan implements Span {
  readonly context: Context;
  readonly #span: OtelSpan;

  constructor(span: OtelSpan, context: Context) {
    this.#span = span;
    this.context = context;
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(redacted(attributes));
  }

  fail(code: string): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.setAttribute("error.type", code);
  }

  end(): void {
    this.#span.end();
  }
}

/** Random ids, but where a span's are known before it is made. The SDK asks for them while it starts a span. */
class GivenIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #given: { readonly traceId?: string | undefined; readonly spanId?: string | undefined } = {};

  give<T>(
    ids: { readonly traceId?: string | undefined; readonly spanId?: string | undefined },
    start: () => T,
  ): T {
    this.#given = ids;
    try {
      return start();
    } finally {
      this.#given = {};
    }
  }

  generateTraceId(): string {
    return this.#given.traceId ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.#given.spanId ?? this.#random.generateSpanId();
  }
}

function spanContextOf({ traceparent, tracestate }: TraceContext): SpanContext | null {
  const parsed = parseTraceparent(traceparent);
  if (!parsed) return null;
  const { traceId, spanId, flags } = parsed;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(tracestate !== "" && { traceState: createTraceState(tracestate) }),
  };
}

function redacted(attributes: SpanAttributes): SpanAttributes {
  return redactFields(attributes) as SpanAttributes;
}

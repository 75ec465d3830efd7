import type { Cause, TraceContext } from "./trace-context.ts";

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** @default "internal" */
  readonly kind?: "internal" | "server" | "client" | "consumer";
  /** Where it goes on from. @default the span that it is started in, see `Tracer.within` */
  readonly parent?: TraceContext | undefined;
  /** Begins in this trace, as its root unless `parent` is given. */
  readonly traceId?: string;
  /** 16 hex digits that others know it by. */
  readonly spanId?: string;
  /** What it is about, too, in other traces. */
  readonly links?: readonly TraceContext[];
  /** Never a secret, never a URL with its query. */
  readonly attributes?: SpanAttributes;
}

/** A piece of work with a beginning and an end. Whoever starts it ends it. */
export interface Span {
  set(attributes: SpanAttributes): void;
  /** It failed, with a code of ours and not with a message, which may name what is nobody's business. */
  fail(code: string): void;
  end(): void;
}

/** Spans as a port (OpenTelemetry's, where an endpoint for them is set; else none are made). */
export interface Tracer {
  /** Whether anybody keeps the spans: what begins here is then marked as sampled. */
  readonly recording: boolean;
  start(name: string, options?: SpanOptions): Span;
  /** Runs `work` so that what is started in it is part of `span`, and its calls to others name `cause`. */
  within<T>(span: Span, cause: Cause | null, work: () => T): T;
  /** Headers of a call to another service that is made now: who caused it, and the span it belongs to. */
  outgoing(): Readonly<Record<string, string>>;
  /** Sends what is kept. */
  close(): Promise<void>;
}

const noSpan: Span = { set() {}, fail() {}, end() {} };

/** No spans, and nothing known of who caused what. */
export const noTracer: Tracer = {
  recording: false,
  start: () => noSpan,
  within: (_span, _cause, work) => work(),
  outgoing: () => ({}),
  async close() {},
};

/** `work` as a span of its own. */
export async function traced<T>(
  tracer: Tracer,
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracer.start(name, options);
  try {
    return await tracer.within(span, null, () => work(span));
  } catch (error) {
    span.fail(codeOf(error));
    throw error;
  } finally {
    span.end();
  }
}

function codeOf(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === "string" ? code : "internal";
}

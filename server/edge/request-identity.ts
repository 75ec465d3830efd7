import { newTraceId, type Random } from "#kernel/random.ts";
import {
  acceptBaggage,
  acceptTracestate,
  type Cause,
  formatTraceparent,
  parseTraceparent,
  type TraceContext,
} from "#kernel/trace-context.ts";

/** Who one request is, in everything that it causes (spec.md G5). Its `traceparent` names a span of our own in the
 *  caller's trace, or in a new one. */
export interface RequestIdentity extends Cause {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Where the caller's trace goes on from; `null`: it begins here. */
  readonly parent: TraceContext | null;
}

export interface IdentityHeaders {
  readonly requestId: string | undefined;
  readonly traceparent: string | undefined;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const SAMPLED = "01";
const NOT_SAMPLED = "00";

/** Accepts what the client sent where it is well-formed, and makes the rest. `recording`: spans are kept, so a trace that
 *  begins here is sampled. */
export function identify(
  headers: IdentityHeaders,
  random: Random,
  { recording = false }: { readonly recording?: boolean } = {},
): RequestIdentity {
  const { requestId } = headers;
  const parent = parseTraceparent(headers.traceparent ?? "");
  const baggage = acceptBaggage(headers.baggage ?? "");
  // W3C Trace Context, section 3.3: without a valid traceparent it means nothing.
  const tracestate = parent ? acceptTracestate(headers.tracestate ?? "") : "";
  const traceId = parent?.traceId ?? newTraceId(random);
  const spanId = newTraceId(random)
    .slice(0, 16)
    .replace(/^0{16}$/, "1".padStart(16, "0"));
  const flags = parent?.flags ?? (recording ? SAMPLED : NOT_SAMPLED);
  return {
    requestId: requestId !== undefined && REQUEST_ID.test(requestId) ? requestId : random.uuid(),
    traceId,
    spanId,
    traceparent: formatTraceparent({ traceId, spanId, flags }),
    tracestate,
    baggage,
    parent: parent ? { traceparent: formatTraceparent(parent), tracestate, baggage } : null,
  };
}

import { newTraceId, type Random } from "#kernel/random.ts";

/** Who one request is, in every log line it causes (spec.md G5). */
export interface RequestIdentity {
  readonly requestId: string;
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** W3C Trace Context for what this request causes: the caller's trace, a span of our own. */
  readonly traceparent: string;
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
/** Version 00; of later versions the same fields count (W3C Trace Context, section 4.3). */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** Accepts what the client sent where it is well-formed, and makes the rest. */
export function identify(
  headers: { readonly requestId: string | undefined; readonly traceparent: string | undefined },
  random: Random,
): RequestIdentity {
  const { requestId } = headers;
  const parent = TRACEPARENT.exec(headers.traceparent ?? "");
  const traceId = parent?.[1] ?? newTraceId(random);
  const spanId = newTraceId(random)
    .slice(0, 16)
    .replace(/^0{16}$/, "1".padStart(16, "0"));
  return {
    requestId: requestId !== undefined && REQUEST_ID.test(requestId) ? requestId : random.uuid(),
    traceId,
    traceparent: `00-${traceId}-${spanId}-${parent?.[3] ?? "00"}`,
  };
}

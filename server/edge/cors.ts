/** What browsers of other origins may do. Exact origins only; none: no other origin may do anything. */
export interface CorsPolicy {
  readonly origins: readonly string[];
}

const REQUEST_HEADERS = [
  "authorization",
  "connect-protocol-version",
  "connect-timeout-ms",
  "content-type",
  "grpc-timeout",
  "traceparent",
  "x-grpc-web",
  "x-request-id",
  "x-user-agent",
].join(", ");
const EXPOSED_HEADERS = [
  "grpc-encoding",
  "grpc-message",
  "grpc-status",
  "grpc-status-details-bin",
  "traceparent",
  "x-request-id",
].join(", ");
const MAX_AGE_SECONDS = 7_200;

/** What the decision depends on. */
export interface CorsRequest {
  readonly method: string;
  readonly origin: string | undefined;
  /** `access-control-request-method`, which makes an OPTIONS request a preflight. */
  readonly requestedMethod: string | undefined;
}

export type CorsDecision =
  /** No browser, or the page is ours: nothing to say but `Vary`. */
  | { readonly kind: "none"; readonly headers: Readonly<Record<string, string>> }
  /** `preflight`: answer 204 with these headers and nothing else. */
  | {
      readonly kind: "allowed";
      readonly preflight: boolean;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: "forbidden"; readonly headers: Readonly<Record<string, string>> };

/** Decides on a request's `Origin` (spec.md G3, S10): the matched origin is echoed, never `*`, and caches are always
 *  told that the answer depends on it. Pure. */
export function decideCors(policy: CorsPolicy, request: CorsRequest): CorsDecision {
  const vary = { vary: "Origin" };
  if (request.origin === undefined) return { kind: "none", headers: vary };
  if (!policy.origins.includes(request.origin)) return { kind: "forbidden", headers: vary };
  const headers = {
    ...vary,
    "access-control-allow-origin": request.origin,
    "access-control-expose-headers": EXPOSED_HEADERS,
  };
  if (request.method !== "OPTIONS" || request.requestedMethod === undefined)
    return { kind: "allowed", preflight: false, headers };
  return {
    kind: "allowed",
    preflight: true,
    headers: {
      ...headers,
      vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": REQUEST_HEADERS,
      "access-control-max-age": String(MAX_AGE_SECONDS),
    },
  };
}

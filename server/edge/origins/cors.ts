import type { OriginEntry } from "../../services/ports/origin-control.ts";
import { MAX_ORIGIN_LENGTH } from "./origin.ts";
import type { OriginList } from "./origin-list.ts";

/** What the clients in fact send: connect-web, grpc-web, improbable-eng's grpc-web, and W3C tracing. */
export const REQUEST_HEADERS = [
  "authorization",
  "baggage",
  "connect-accept-encoding",
  "connect-content-encoding",
  "connect-protocol-version",
  "connect-timeout-ms",
  "content-encoding",
  "content-type",
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-timeout",
  "traceparent",
  "tracestate",
  "x-grpc-web",
  "x-request-id",
  "x-user-agent",
].join(", ");
export const EXPOSED_HEADERS = [
  "connect-content-encoding",
  "content-encoding",
  "grpc-encoding",
  "grpc-message",
  "grpc-status",
  "grpc-status-details-bin",
  "retry-after",
  "traceparent",
  "x-request-id",
].join(", ");
/** The longest that Chromium keeps a preflight. An origin that is taken off the list is refused by the call itself. */
export const MAX_AGE_SECONDS = 7_200;

export interface PageHeaders {
  readonly origin: string | undefined;
  readonly referer: string | undefined;
}

/** Whether a page may call, by where it says that it is from. */
export type PageVerdict =
  /** No page, as far as one can see. */
  | { readonly kind: "none" }
  /** `echo`: the origin to answer, `null` where only the referer is known. */
  | { readonly kind: "listed"; readonly echo: string | null; readonly entry: OriginEntry }
  | { readonly kind: "stranger"; readonly reason: "origin not allowed" | "referer not allowed" };

/** The one decision on pages, for requests and for websockets: the origin, and where there is none, that of the referer,
 *  must be on the list (spec.md S10). Pure. */
export function judgePage(list: OriginList, { origin, referer }: PageHeaders): PageVerdict {
  if (origin !== undefined) {
    const match = list.match(origin);
    return match
      ? { kind: "listed", echo: match.origin, entry: match.entry }
      : { kind: "stranger", reason: "origin not allowed" };
  }
  if (referer === undefined) return { kind: "none" };
  const match = list.matchReferer(referer);
  return match
    ? { kind: "listed", echo: null, entry: match.entry }
    : { kind: "stranger", reason: "referer not allowed" };
}

/** What a refused page says of its origin, for the log: no path, no query, and not without end. */
export function namedOrigin({ origin, referer = "" }: PageHeaders): string {
  const named = origin ?? /^[^/?#]*\/\/[^/?#]*/.exec(referer)?.[0] ?? "";
  return named.slice(0, MAX_ORIGIN_LENGTH);
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
  | {
      readonly kind: "forbidden";
      /** For the log. */
      readonly reason: string;
      readonly headers: Readonly<Record<string, string>>;
    };

export interface CorsRequest extends PageHeaders {
  readonly method: string;
  readonly requestedMethod: string | undefined;
  /** `Access-Control-Request-Private-Network`. */
  readonly requestedPrivateNetwork: string | undefined;
}

/** Decides on a request (spec.md G3, S10): the matched origin is echoed, never `*`, credentials only where its entry
 *  says so, and caches are always told that the answer depends on it. Pure. */
export function decideCors(list: OriginList, request: CorsRequest): CorsDecision {
  const vary = { vary: "Origin" };
  const verdict = judgePage(list, request);
  if (verdict.kind === "stranger") return { kind: "forbidden", reason: verdict.reason, headers: vary };
  if (verdict.kind === "none" || verdict.echo === null) return { kind: "none", headers: vary };
  const headers = {
    ...vary,
    "access-control-allow-origin": verdict.echo,
    ...(verdict.entry.credentials && { "access-control-allow-credentials": "true" }),
    "access-control-expose-headers": EXPOSED_HEADERS,
  };
  if (request.method !== "OPTIONS" || request.requestedMethod === undefined)
    return { kind: "allowed", preflight: false, headers };
  // A page on the list is one that the studio wants to reach a server in its own network, too. Not so `null`.
  const privateNetwork = request.requestedPrivateNetwork === "true" && verdict.echo !== "null";
  return {
    kind: "allowed",
    preflight: true,
    headers: {
      ...headers,
      vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network",
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": REQUEST_HEADERS,
      "access-control-max-age": String(MAX_AGE_SECONDS),
      ...(privateNetwork && { "access-control-allow-private-network": "true" }),
    },
  };
}

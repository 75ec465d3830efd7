import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { ownPolicyOf } from "../../studio/worker-policy.ts";
import type { Asset } from "./core-messages.ts";
import { readWindowFile } from "./window-files.ts";

export const APP_SCHEME = "platemark";
/** The only origin that the program talks to. */
export const APP_ORIGIN = `${APP_SCHEME}://app`;
export const APP_PAGE = `${APP_ORIGIN}/index.html`;

/** Nothing but the window's own files: no inline script, no eval, no frames, no network. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export interface AppProtocolDeps {
  /** The built window, `out/renderer`. */
  readonly windowFolder: string;
  /** @throws AppError */
  readonly asset: (path: string, signal: AbortSignal) => Promise<Asset | null>;
  readonly logger: Logger;
}

/** Answers everything below `platemark://app/`: the window's files, and thumbnails and previews from the core. */
export function createAppProtocol(deps: AppProtocolDeps): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, { allow: "GET, HEAD" });
    const url = new URL(request.url);
    if (url.protocol !== `${APP_SCHEME}:` || url.host !== "app") return refuse(404);
    const encoded = url.pathname.slice(1);
    try {
      if (/^(thumb|preview|picture|logo)\//.test(encoded)) {
        const asset = await deps.asset(encoded, request.signal);
        if (!asset) return refuse(404);
        // Files of people's own change without notice.
        const keep = /^(picture|logo)\//.test(encoded) ? "no-cache" : "private, max-age=600";
        return answer(request, asset.body, asset.contentType, keep);
      }
      const path = decodeURIComponent(encoded || "index.html");
      const file = await readWindowFile(deps.windowFolder, path);
      if (!file) return refuse(404);
      const keep = file.immutable ? "private, max-age=31536000, immutable" : "no-cache";
      return answer(request, file.body, file.contentType, keep, ownPolicyOf(path));
    } catch (error) {
      if (error instanceof URIError) return refuse(400);
      const { code, message } = AppError.from(error);
      if (code === "aborted" || code === "unavailable") return refuse(503);
      if (code === "resource_exhausted") return refuse(429);
      if (code === "not_found") return refuse(404);
      deps.logger.warn("asset.failed", { code, message });
      return refuse(500);
    }
  };
}

function answer(
  request: Request,
  body: Uint8Array,
  contentType: string,
  cacheControl: string,
  policy: string | null = null,
): Response {
  return new Response(request.method === "HEAD" ? null : (body as Uint8Array<ArrayBuffer>), {
    headers: {
      ...SECURITY_HEADERS,
      ...(policy !== null && { "content-security-policy": policy }),
      "cache-control": cacheControl,
      "content-length": String(body.byteLength),
      "content-type": contentType,
    },
  });
}

function refuse(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, {
    status,
    headers: { ...SECURITY_HEADERS, "cache-control": "no-store", ...headers },
  });
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "#kernel/logger.ts";
import { parseQuery, uriDecode } from "../sigv4/uri-encoding.ts";
import type { VerifiedSigner } from "../sigv4/verify.ts";
import { LIMITS } from "./limits.ts";
import { S3Error } from "./s3-error.ts";

/** One request, taken apart. */
export interface S3Request {
  readonly id: string;
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Decoded, with its first slash. */
  readonly path: string;
  /** `null` at the service itself. */
  readonly bucketName: string | null;
  /** `null` at a bucket. */
  readonly key: string | null;
  readonly pairs: readonly (readonly [name: string, value: string])[];
  readonly query: ReadonlyMap<string, string>;
  /** Names in lower case, values as UTF-8 text. What a presigned URL carries as `x-amz-…` is among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** `null`: anonymous. */
  readonly signer: VerifiedSigner | null;
  readonly logger: Logger;
}

export type UnverifiedRequest = Omit<S3Request, "signer">;

/** @throws S3Error `InvalidURI`, `XMinioInvalidObjectName` when an escape is malformed or not UTF-8. */
export function readRequest(
  incoming: IncomingMessage,
  response: ServerResponse,
  context: { readonly id: string; readonly logger: Logger },
): UnverifiedRequest {
  const url = incoming.url ?? "/";
  const mark = url.indexOf("?");
  const rawPath = (mark < 0 ? url : url.slice(0, mark)).replace(/^https?:\/\/[^/]*/, "") || "/";
  let path: string;
  let pairs: [string, string][];
  try {
    path = uriDecode(rawPath);
    pairs = parseQuery(mark < 0 ? "" : url.slice(mark + 1));
  } catch (cause) {
    throw new S3Error("XMinioInvalidObjectName", { cause });
  }
  if (!path.startsWith("/")) throw new S3Error("InvalidURI");
  const slash = path.indexOf("/", 1);
  const bucketName = (slash < 0 ? path.slice(1) : path.slice(1, slash)) || null;
  const key = slash < 0 ? null : path.slice(slash + 1) || null;
  return {
    ...context,
    incoming,
    response,
    method: incoming.method ?? "GET",
    path,
    bucketName,
    key,
    pairs,
    query: new Map(pairs),
    headers: readHeaders(incoming),
  };
}

/** The headers of a presigned request with what SDKs move from headers into the query (`x-amz-meta-…`, checksums). */
export function withHoistedHeaders(request: UnverifiedRequest): UnverifiedRequest {
  const hoisted: Record<string, string> = {};
  for (const [name, value] of request.pairs)
    if (/^x-amz-/.test(name.toLowerCase()) && !name.startsWith("X-Amz-")) hoisted[name.toLowerCase()] = value;
  return { ...request, headers: { ...hoisted, ...request.headers } };
}

/** Refuses keys with `.` or `..` between slashes, as MinIO does. @throws S3Error `XMinioInvalidResourceName`. */
export function checkDots(key: string): void {
  if (/(^|\/)\.\.?(\/|$)/.test(key)) throw new S3Error("XMinioInvalidResourceName");
}

/**
 * Refuses keys that MinIO would refuse, so that what is stored here can always move there.
 * @throws S3Error `KeyTooLongError`, `XMinioInvalidResourceName`, `XMinioInvalidObjectName`.
 */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > LIMITS.keyBytes) throw new S3Error("KeyTooLongError");
  if (key.includes("\0")) throw new S3Error("XMinioInvalidObjectName");
  checkDots(key);
  for (const segment of key.split("/"))
    if (segment.length > 63 && Buffer.byteLength(segment) > LIMITS.keySegmentBytes)
      throw new S3Error("XMinioInvalidObjectName");
}

/** Names by the rules for general purpose buckets (S3 user guide, "Bucket naming rules"). */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !/\.\.|\.-|-\./.test(name) &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name)
  );
}

/** Node reads header bytes as Latin-1; S3's are UTF-8. */
function readHeaders(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined) continue;
    const text = Array.isArray(value) ? value.join(",") : value;
    headers[name] = fromLatin1(text);
  }
  return headers;
}

function fromLatin1(text: string): string {
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) > 127) return Buffer.from(text, "latin1").toString("utf8");
  return text;
}

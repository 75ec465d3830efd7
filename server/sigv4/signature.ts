import { createHmac, hash, type KeyObject } from "node:crypto";
import { canonicalQuery, uriEncodePath } from "./uri-encoding.ts";

export const ALGORITHM = "AWS4-HMAC-SHA256";
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";
/** Hex SHA-256 of no bytes. */
export const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** Seconds a presigned URL may live (S3 API reference, "Authenticating Requests: Using Query Parameters"). */
export const MAX_PRESIGN_SECONDS = 604_800;

/** What a signature covers of one request. */
export interface CanonicalParts {
  readonly method: string;
  /** Decoded path, with its first slash. */
  readonly path: string;
  /** Decoded pairs; a presigned URL's without `X-Amz-Signature`. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Every signed header, in any order and case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Hex SHA-256 of the body, or one of the literals such as `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
}

export interface CredentialScope {
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** A header value as it is signed: trimmed, runs of white space as one space. */
function trimAll(value: string): string {
  return value.trim().replace(/\s+/g, " ");
}

/** The canonical request (S3 API reference, "Signature Calculations for the Authorization Header"). Pure. */
export function canonicalRequest(parts: CanonicalParts): {
  readonly text: string;
  readonly signedHeaders: string;
  /** Path and query as the URL carries them. */
  readonly encodedPath: string;
  readonly encodedQuery: string;
} {
  const headers = Object.entries(parts.headers)
    .map(([name, value]) => [name.toLowerCase(), trimAll(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const signedHeaders = headers.map(([name]) => name).join(";");
  const encodedPath = uriEncodePath(parts.path);
  const encodedQuery = canonicalQuery(parts.query);
  const text = [
    parts.method,
    encodedPath,
    encodedQuery,
    ...headers.map(([name, value]) => `${name}:${value}`),
    "",
    signedHeaders,
    parts.payloadHash,
  ].join("\n");
  return { text, signedHeaders, encodedPath, encodedQuery };
}

export function sha256Hex(bytes: string | Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

export type SigningKey = Uint8Array | KeyObject;

export function hmac(key: string | SigningKey, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** `YYYYMMDDTHHMMSSZ` of milliseconds since the epoch. */
export function amzDate(nowMs: number): string {
  const iso = new Date(nowMs).toISOString();
  const time = iso.slice(11, 13) + iso.slice(14, 16) + iso.slice(17, 19);
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}T${time}Z`;
}

/** Milliseconds since the epoch, or `null` when it is no such date. */
export function parseAmzDate(text: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? null : ms;
}

export function scopeText(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

/** The key that signs for one day, region and service. */
export function signingKey(secretKey: string, scope: CredentialScope): Buffer {
  const date = hmac(`AWS4${secretKey}`, scope.date);
  return hmac(hmac(hmac(date, scope.region), scope.service), "aws4_request");
}

/** Hex signature of a canonical request. */
export function signCanonical(
  key: SigningKey,
  date: string,
  scope: CredentialScope,
  canonical: string,
): string {
  return hmac(key, [ALGORITHM, date, scopeText(scope), sha256Hex(canonical)].join("\n")).toString("hex");
}

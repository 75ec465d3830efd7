import { S3Error } from "./s3-error.ts";

/** What a condition is held against: an object that is there. */
export interface ConditionTarget {
  readonly etag: string;
  readonly modifiedMs: number;
}

type Headers = Readonly<Record<string, string>>;

/**
 * Conditions of a read (RFC 9110, section 13.2.2): the ETag ones win over the dates.
 * @throws S3Error `PreconditionFailed`.
 */
export function checkRead(headers: Headers, target: ConditionTarget, prefix = ""): "send" | "not-modified" {
  const ifMatch = headers[`${prefix}if-match`];
  const ifNoneMatch = headers[`${prefix}if-none-match`];
  const unmodified = dateOf(headers[`${prefix}if-unmodified-since`]);
  const modified = dateOf(headers[`${prefix}if-modified-since`]);
  const seconds = Math.floor(target.modifiedMs / 1000) * 1000;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, target.etag)) throw failed(target);
  } else if (unmodified !== null && seconds > unmodified) throw failed(target);
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, target.etag)) return "not-modified";
  } else if (modified !== null && seconds <= modified) return "not-modified";
  return "send";
}

/**
 * Conditions of a write, `current` being what the key holds now.
 * @throws S3Error `PreconditionFailed`; `NoSuchKey` for If-Match on a key that holds nothing.
 */
export function checkWrite(headers: Headers, current: ConditionTarget | null): void {
  const ifMatch = headers["if-match"];
  const ifNoneMatch = headers["if-none-match"];
  if (ifMatch !== undefined) {
    if (!current) throw new S3Error("NoSuchKey");
    if (!matches(ifMatch, current.etag)) throw failed(current);
  }
  if (ifNoneMatch !== undefined && current && matches(ifNoneMatch, current.etag)) throw failed(current);
}

function failed(target: ConditionTarget): S3Error {
  return new S3Error("PreconditionFailed", { headers: { etag: `"${target.etag}"` } });
}

function matches(list: string, etag: string): boolean {
  return list.split(",").some((candidate) => {
    const bare = candidate.trim().replace(/^W\//, "").replaceAll('"', "");
    return bare === "*" || bare === etag;
  });
}

function dateOf(header: string | undefined): number | null {
  const ms = Date.parse(header ?? "");
  return Number.isNaN(ms) ? null : ms;
}

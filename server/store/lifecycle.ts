import { LIMITS } from "./limits.ts";
import { S3Error } from "./s3-error.ts";
import type { Tag } from "./stored-object.ts";
import { child, childrenNamed, childText, malformed, parseXml, type XmlElement } from "./xml-reader.ts";

/** One rule of a bucket, as far as it is applied here. */
export interface LifecycleRule {
  readonly enabled: boolean;
  readonly prefix: string;
  readonly tags: readonly Tag[];
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly expireAfterDays: number | null;
  /** Milliseconds since the epoch. */
  readonly expireAtMs: number | null;
  readonly removeLoneMarkers: boolean;
  readonly noncurrentDays: number | null;
  /** Noncurrent versions that stay whatever their age. */
  readonly keepNoncurrent: number;
  readonly abortUploadsAfterDays: number | null;
}

/** @throws S3Error `MalformedXML`, `InvalidArgument`; `InvalidStorageClass` for transitions, as there is but one class. */
export function parseLifecycle(source: string): LifecycleRule[] {
  const root = parseXml(source, "LifecycleConfiguration");
  const rules = childrenNamed(root, "Rule");
  if (rules.length === 0 || rules.length > 1000) throw malformed("1 to 1000 rules are expected.");
  return rules.map(parseRule);
}

function parseRule(rule: XmlElement): LifecycleRule {
  const status = childText(rule, "Status");
  if (status !== "Enabled" && status !== "Disabled") throw malformed("Status must be Enabled or Disabled.");
  if ((childText(rule, "ID") ?? "").length > 255) throw malformed("An ID has at most 255 characters.");
  if (child(rule, "Transition") ?? child(rule, "NoncurrentVersionTransition"))
    throw new S3Error("InvalidStorageClass");
  const expiration = child(rule, "Expiration");
  const noncurrent = child(rule, "NoncurrentVersionExpiration");
  const abort = child(rule, "AbortIncompleteMultipartUpload");
  if (!expiration && !noncurrent && !abort) throw malformed("A rule needs an action.");
  const filter = child(rule, "Filter");
  const scope = (filter && child(filter, "And")) ?? filter ?? rule;
  const date = expiration && childText(expiration, "Date");
  const atMs = date === undefined ? null : Date.parse(date);
  if (atMs !== null && Number.isNaN(atMs)) throw malformed("Expiration Date must be a date.");
  return {
    enabled: status === "Enabled",
    prefix: childText(scope, "Prefix") ?? childText(rule, "Prefix") ?? "",
    tags: childrenNamed(scope, "Tag")
      .slice(0, LIMITS.tags)
      .map((tag) => [childText(tag, "Key") ?? "", childText(tag, "Value") ?? ""] as const),
    minBytes: count(scope, "ObjectSizeGreaterThan") ?? -1,
    maxBytes: count(scope, "ObjectSizeLessThan") ?? Number.POSITIVE_INFINITY,
    expireAfterDays: days(expiration, "Days"),
    expireAtMs: atMs,
    removeLoneMarkers:
      expiration !== undefined && childText(expiration, "ExpiredObjectDeleteMarker") === "true",
    noncurrentDays: days(noncurrent, "NoncurrentDays"),
    keepNoncurrent: (noncurrent && count(noncurrent, "NewerNoncurrentVersions")) ?? 0,
    abortUploadsAfterDays: days(abort, "DaysAfterInitiation"),
  };
}

function count(element: XmlElement, name: string): number | null {
  const text = childText(element, name);
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text)) throw malformed(`${name} must be a number.`);
  return Number(text);
}

function days(element: XmlElement | undefined, name: string): number | null {
  const value = element ? count(element, name) : null;
  if (value === 0) throw new S3Error("InvalidArgument", { message: `'${name}' must be a positive integer` });
  return value;
}

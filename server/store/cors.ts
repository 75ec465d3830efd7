import { LIMITS } from "./limits.ts";
import type { ResponseHeaders } from "./s3-response.ts";
import { childrenNamed, childText, malformed, parseXml } from "./xml-reader.ts";

export interface CorsRule {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeSeconds: number | null;
}

export interface CorsQuestion {
  readonly origin: string | undefined;
  /** The method that is asked for, or used. */
  readonly method: string;
  /** `undefined` for an actual request. */
  readonly requestedHeaders?: string | undefined;
  readonly preflight: boolean;
}

const METHODS = ["GET", "PUT", "HEAD", "POST", "DELETE"];
/** What a page's upload needs to read. */
const EXPOSED = [
  "ETag",
  "Date",
  "Content-Length",
  "Content-Range",
  "Accept-Ranges",
  "Last-Modified",
  "x-amz-request-id",
  "x-amz-version-id",
  "x-amz-checksum-crc32",
  "x-amz-checksum-crc32c",
  "x-amz-checksum-crc64nvme",
  "x-amz-checksum-sha1",
  "x-amz-checksum-sha256",
];

/** Without rules of its own a bucket answers every origin, as MinIO does: a signature is needed all the same, and no
 *  cookie counts here. */
export const OPEN_RULES: readonly CorsRule[] = [
  { origins: ["*"], methods: METHODS, headers: ["*"], exposed: EXPOSED, maxAgeSeconds: 3600 },
];

/** @throws S3Error `MalformedXML`. */
export function parseCors(source: string): CorsRule[] {
  const root = parseXml(source, "CORSConfiguration");
  const rules = childrenNamed(root, "CORSRule").map((rule) => {
    const list = (name: string) => childrenNamed(rule, name).map((element) => element.text.trim());
    const age = childText(rule, "MaxAgeSeconds");
    if (age !== undefined && !/^\d{1,9}$/.test(age)) throw malformed("MaxAgeSeconds must be a number.");
    return {
      origins: list("AllowedOrigin"),
      methods: list("AllowedMethod"),
      headers: list("AllowedHeader"),
      exposed: list("ExposeHeader"),
      maxAgeSeconds: age === undefined ? null : Number(age),
    };
  });
  if (rules.length === 0 || rules.length > LIMITS.configurationRules)
    throw malformed(`1 to ${LIMITS.configurationRules} rules are expected.`);
  for (const rule of rules) {
    if (rule.origins.length === 0 || rule.methods.length === 0)
      throw malformed("A rule needs an AllowedOrigin and an AllowedMethod.");
    if (!rule.methods.every((method) => METHODS.includes(method)))
      throw malformed(`AllowedMethod must be one of ${METHODS.join(", ")}.`);
    if ([...rule.origins, ...rule.headers].some((pattern) => pattern.split("*").length > 2))
      throw malformed("An origin or header may have one wildcard.");
  }
  return rules;
}

/** The headers for the first rule that fits, or `null` when none does. Pure. */
export function corsHeaders(rules: readonly CorsRule[], question: CorsQuestion): ResponseHeaders | null {
  const { origin, method, preflight } = question;
  if (origin === undefined) return null;
  const wanted = (question.requestedHeaders ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  const rule = rules.find(
    (candidate) =>
      candidate.origins.some((pattern) => fits(pattern, origin)) &&
      candidate.methods.includes(method) &&
      wanted.every((name) => candidate.headers.some((pattern) => fits(pattern.toLowerCase(), name))),
  );
  if (!rule) return null;
  return {
    "access-control-allow-origin": origin,
    vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    "access-control-allow-methods": preflight ? rule.methods.join(", ") : undefined,
    "access-control-allow-headers": preflight && wanted.length > 0 ? wanted.join(", ") : undefined,
    "access-control-max-age": preflight && rule.maxAgeSeconds !== null ? rule.maxAgeSeconds : undefined,
    "access-control-expose-headers": rule.exposed.length > 0 ? rule.exposed.join(", ") : undefined,
  };
}

function fits(pattern: string, text: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === text;
  const head = pattern.slice(0, star);
  const tail = pattern.slice(star + 1);
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail);
}

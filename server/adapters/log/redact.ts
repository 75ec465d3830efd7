import { redactUrls } from "#kernel/errors.ts";

const SECRET_NAME =
  /authorization|cookie|credential|password|secret|signature|(?:^|[^a-z])token|token$|accesskey|access_key|proofkey|proof_key|privatekey|private_key/i;
const MAX_DEPTH = 5;
const GONE = "[redacted]";

/** A copy of log fields in which no secret is left: fields that are named like one, queries and user info of URLs, and
 *  what looks like a bearer token or a signature in any text. Pure. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      SECRET_NAME.test(name) && typeof value !== "boolean" && typeof value !== "number"
        ? GONE
        : redact(value, 1),
    ]),
  );
}

function redact(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return { name: value.name, message: redactText(value.message) };
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return "[deep]";
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET_NAME.test(name) && typeof inner === "string" ? GONE : redact(inner, depth + 1),
    ]),
  );
}

function redactText(text: string): string {
  return redactUrls(text)
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, GONE)
    .replace(/\bBearer\s+\S+/gi, `Bearer ${GONE}`)
    .replace(
      /\b(Signature|Credential|X-Amz-(?:Signature|Credential|Security-Token))=[^&\s,"']+/gi,
      `$1=${GONE}`,
    );
}

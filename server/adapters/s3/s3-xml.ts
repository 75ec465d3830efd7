import { XMLParser } from "fast-xml-parser";

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  processEntities: true,
  // Numeric character references too: MinIO writes `&#34;` around an ETag.
  htmlEntities: true,
  isArray: (name) => name === "Part",
});

/** An XML answer as nested records of strings; `{}` when it is none. Pure. */
export function parseXml(text: string): Readonly<Record<string, unknown>> {
  try {
    return asRecord(parser.parse(text));
  } catch {
    return {};
  }
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** `<Code>` and `<Message>` of an error answer; empty when the body is no S3 error. */
export function parseError(body: string): { readonly code: string; readonly message: string } {
  const error = asRecord(parseXml(body).Error);
  return { code: text(error.Code), message: text(error.Message) };
}

export function escapeXml(value: string): string {
  return value.replace(/[<>&'"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** What can stand in an element; `undefined` and `null` leave the element out, arrays repeat it. */
export type XmlValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** One document in S3's namespace, elements in the order of the keys. */
export function xmlDocument(
  root: string,
  content: XmlValue,
  options: { readonly namespace?: boolean } = {},
): string {
  const attribute = options.namespace === false ? "" : ` xmlns="${NAMESPACE}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner(content)}</${root}>`;
}

function inner(value: XmlValue): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return escapeText(String(value));
  if (Array.isArray(value)) return value.map(inner).join("");
  return Object.entries(value as Readonly<Record<string, XmlValue>>)
    .map(([name, child]) => element(name, child))
    .join("");
}

function element(name: string, value: XmlValue): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map((item: XmlValue) => element(name, item)).join("");
  return `<${name}>${inner(value)}</${name}>`;
}

const MARKUP: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

/** Escapes markup, and control characters as references: XML 1.0 forbids most of them, S3 writes them all the same. */
function escapeText(text: string): string {
  return text.replace(
    /[&<>"']|\p{Cc}/gu,
    (character) => MARKUP[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`,
  );
}

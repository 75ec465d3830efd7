import { S3Error } from "./s3-error.ts";

/** An element: child elements in order, and the text between its tags when it has none. */
export interface XmlElement {
  /** Without a namespace prefix. */
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface OpenElement {
  readonly tag: string;
  text: string;
  readonly children: XmlElement[];
}

const TOKEN =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const NAMED = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);
const MAX_DEPTH = 16;

/**
 * Reads a request's XML body: elements, text, CDATA and character references, nothing else. There is no DTD in it,
 * so no entity can be declared. Text is kept as it is, keys may begin with a space.
 * @throws S3Error `MalformedXML`.
 */
export function parseXml(source: string, root: string): XmlElement {
  const document: OpenElement = { tag: "", text: "", children: [] };
  const open: OpenElement[] = [document];
  TOKEN.lastIndex = 0;
  for (let offset = source.startsWith("\uFEFF") ? 1 : 0; offset < source.length; offset = TOKEN.lastIndex) {
    TOKEN.lastIndex = offset;
    const match = TOKEN.exec(source);
    if (!match) throw malformed();
    const [, cdata, closing, tag, , selfClosing, text] = match;
    const current = open.at(-1)!;
    if (text !== undefined) current.text += decodeText(text);
    else if (cdata !== undefined) current.text += cdata;
    else if (tag !== undefined && closing) {
      if (current.tag !== tag || open.length === 1) throw malformed();
      open.pop();
      open.at(-1)!.children.push(closed(current));
    } else if (tag !== undefined) {
      const element: OpenElement = { tag, text: "", children: [] };
      if (selfClosing) current.children.push(closed(element));
      else open.push(element);
      if (open.length > MAX_DEPTH) throw malformed();
    }
  }
  const [only] = document.children;
  if (open.length !== 1 || document.children.length !== 1 || document.text.trim() !== "") throw malformed();
  if (only!.name !== root) throw malformed(`The root element must be ${root}.`);
  return only!;
}

/** The first child of that name. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((candidate) => candidate.name === name);
}

export function childText(element: XmlElement, name: string): string | undefined {
  return child(element, name)?.text;
}

export function childrenNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((candidate) => candidate.name === name);
}

export function malformed(why?: string): S3Error {
  return new S3Error(
    "MalformedXML",
    why === undefined
      ? {}
      : {
          message: `The XML you provided was not well-formed or did not validate against our published schema. ${why}`,
        },
  );
}

function closed(element: OpenElement): XmlElement {
  const name = element.tag.slice(element.tag.indexOf(":") + 1);
  return { name, text: element.text, children: element.children };
}

function decodeText(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(/&([^;&]*);?/g, (reference, body: string) => {
    if (!reference.endsWith(";")) throw malformed();
    const named = NAMED.get(body);
    if (named !== undefined) return named;
    const number = /^#(?:(\d{1,7})|x([0-9a-fA-F]{1,6}))$/.exec(body);
    if (!number) throw malformed();
    const point = number[1] ? Number(number[1]) : Number.parseInt(number[2]!, 16);
    if (point === 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) throw malformed();
    return String.fromCodePoint(point);
  });
}

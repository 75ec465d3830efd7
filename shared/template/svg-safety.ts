/** What is wrong with a file, in a sentence. */
export interface FileProblem {
  readonly message: string;
  /** It is well formed, and not to be trusted. */
  readonly unsafe?: boolean;
}

/** Elements that run code, embed pages or reach outside. */
const REFUSED_ELEMENTS = new Set([
  "script",
  "foreignobject",
  "iframe",
  "embed",
  "object",
  "audio",
  "video",
  "handler",
  "listener",
  "animate",
  "set",
  "animatetransform",
  "animatemotion",
]);
const EMBEDDED = /^data:image\/(?:png|jpeg);base64,/i;

/**
 * Judges an SVG file before it is drawn anywhere: UTF-8, an `svg` root with a size, no scripts, no event handlers, no
 * entities, and references only into itself. Reads it once, in linear time. Pure.
 */
export function svgProblem(bytes: Uint8Array): FileProblem | null {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { message: "this SVG file is not written in UTF-8." };
  }
  let rootSeen = false;
  let at = text.indexOf("<");
  if (at < 0) return { message: "this is no SVG file." };
  while (at >= 0) {
    if (text.startsWith("<!--", at)) at = after(text, "-->", at + 4);
    else if (text.startsWith("<![CDATA[", at)) {
      const end = after(text, "]]>", at);
      const problem = styleProblem(text.slice(at, end < 0 ? text.length : end));
      if (problem) return problem;
      at = end;
    } else if (text.startsWith("<!", at)) return unsafe("a document type or entity");
    else if (text.startsWith("<?", at)) {
      if (!/^<\?xml\s/.test(text.slice(at, at + 6))) return unsafe("a processing instruction");
      at = after(text, "?>", at);
    } else if (text.startsWith("</", at)) at = after(text, ">", at);
    else {
      const tag = readTag(text, at);
      if (tag === null) return { message: "this SVG file is not well formed." };
      const problem = tagProblem(tag, !rootSeen);
      if (problem) return problem;
      rootSeen = true;
      at = tag.end;
    }
    if (at < 0) return { message: "this SVG file is not complete." };
    const next = text.indexOf("<", at);
    const problem = styleProblem(text.slice(at, next < 0 ? text.length : next));
    if (problem) return problem;
    at = next;
  }
  return rootSeen ? null : { message: "this is no SVG file." };
}

function unsafe(what: string): FileProblem {
  return {
    unsafe: true,
    message: `this SVG file has ${what} in it, and is refused. Save it as a plain SVG.`,
  };
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? -1 : at + mark.length;
}

interface Tag {
  /** Without its prefix, in lower case. */
  readonly name: string;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
  readonly end: number;
}

const SPACE = /[\s]/;

function readTag(text: string, start: number): Tag | null {
  const nameEnd = runEnd(text, start + 1, (unit) => !SPACE.test(unit) && unit !== ">" && unit !== "/");
  const name = localName(text.slice(start + 1, nameEnd));
  if (name === "") return null;
  const attributes: { name: string; value: string }[] = [];
  let at = nameEnd;
  for (;;) {
    at = runEnd(text, at, (unit) => SPACE.test(unit) || unit === "/");
    if (at >= text.length) return null;
    if (text[at] === ">") return { name, attributes, end: at + 1 };
    const attributeEnd = runEnd(text, at, (unit) => !SPACE.test(unit) && unit !== "=" && unit !== ">");
    const attribute = localName(text.slice(at, attributeEnd));
    at = runEnd(text, attributeEnd, (unit) => SPACE.test(unit));
    if (text[at] !== "=") return null;
    at = runEnd(text, at + 1, (unit) => SPACE.test(unit));
    const quote = text[at];
    if (quote !== '"' && quote !== "'") return null;
    const close = text.indexOf(quote, at + 1);
    if (close < 0) return null;
    attributes.push({ name: attribute, value: decodeReferences(text.slice(at + 1, close)) });
    at = close + 1;
  }
}

function runEnd(text: string, from: number, belongs: (unit: string) => boolean): number {
  let at = from;
  while (at < text.length && belongs(text[at]!)) at++;
  return at;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1).toLowerCase();
}

/** Numeric references can hide a word from a reader that compares letters. */
function decodeReferences(value: string): string {
  return value.replace(/&#(x[0-9a-f]{1,6}|\d{1,7});/gi, (reference, code: string) => {
    const point = code[0]?.toLowerCase() === "x" ? Number.parseInt(code.slice(1), 16) : Number(code);
    return point <= 0x10ffff ? String.fromCodePoint(point) : reference;
  });
}

function tagProblem({ name, attributes }: Tag, isRoot: boolean): FileProblem | null {
  if (isRoot && name !== "svg") return { message: "this is no SVG file." };
  if (isRoot && !hasSize(attributes))
    return { message: "this SVG file has neither `viewBox` nor width and height." };
  if (REFUSED_ELEMENTS.has(name)) return unsafe(`a \`${name}\` element`);
  if (name === "text")
    return { message: "this SVG file has letters in it that need a font. Convert them to paths." };
  for (const attribute of attributes) {
    if (attribute.name.startsWith("on")) return unsafe("an event handler");
    const value = attribute.value.trim();
    if (attribute.name === "base") return unsafe("another base for its references");
    if (attribute.name === "href" || attribute.name === "src") {
      if (!value.startsWith("#") && !(name.endsWith("image") && EMBEDDED.test(value)))
        return unsafe("a reference to something outside");
    } else {
      const problem = styleProblem(value);
      if (problem) return problem;
    }
  }
  return null;
}

function hasSize(attributes: Tag["attributes"]): boolean {
  const names = new Set(attributes.map(({ name }) => name));
  return names.has("viewbox") || (names.has("width") && names.has("height"));
}

/** Styles reach outside by `url(…)` and `@import`; escapes could hide both. */
function styleProblem(css: string): FileProblem | null {
  const plain = css.toLowerCase();
  if (plain.includes("@import") || plain.includes("javascript:"))
    return unsafe("a reference to something outside");
  for (let at = plain.indexOf("url("); at >= 0; at = plain.indexOf("url(", at + 4)) {
    const target = plain
      .slice(at + 4, at + 60)
      .trimStart()
      .replace(/^["']\s*/, "");
    if (!target.startsWith("#")) return unsafe("a reference to something outside");
  }
  if (plain.includes("\\") && /\\[0-9a-f]/.test(plain)) return unsafe("escaped letters in a style");
  return null;
}

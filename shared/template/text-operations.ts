/** Nothing that is written on a picture is longer; what grows beyond is cut. Characters. */
export const LONGEST_TEXT = 4_096;

/** Cuts a text to {@link LONGEST_TEXT}, never through a character. Pure. */
export function cutText(text: string): string {
  return text.length <= LONGEST_TEXT ? text : text.slice(0, LONGEST_TEXT).toWellFormed();
}

/** First code point, rest. */
function split(text: string): readonly [string, string] {
  const first = text.codePointAt(0);
  if (first === undefined) return ["", ""];
  const head = String.fromCodePoint(first);
  return [head, text.slice(head.length)];
}

export function capitalize(text: string): string {
  const [head, rest] = split(text);
  return head.toUpperCase() + rest;
}

export function uncapitalize(text: string): string {
  const [head, rest] = split(text);
  return head.toLowerCase() + rest;
}

/** darktable's `$(v:offset:length)`, in characters: a negative offset counts from the end, a negative length says where
 *  to stop, from the end. Pure. */
export function sliceText(text: string, offset: number, length?: number): string {
  const characters = Array.from(text);
  const start = Math.trunc(offset);
  const from = start < 0 ? Math.max(0, characters.length + start) : start;
  const count = length === undefined ? undefined : Math.trunc(length);
  const to = count === undefined ? characters.length : count < 0 ? characters.length + count : from + count;
  return to <= from ? "" : characters.slice(from, to).join("");
}

export function removePrefix(text: string, pattern: string): string {
  return text.startsWith(pattern) ? text.slice(pattern.length) : text;
}

export function removeSuffix(text: string, pattern: string): string {
  return pattern !== "" && text.endsWith(pattern) ? text.slice(0, -pattern.length) : text;
}

/** An empty pattern occurs nowhere. Pure. */
export function replaceFirst(text: string, pattern: string, replacement: string): string {
  const at = pattern === "" ? -1 : text.indexOf(pattern);
  return at < 0 ? text : text.slice(0, at) + replacement + text.slice(at + pattern.length);
}

/** Every occurrence, from left to right; no more than make a text of {@link LONGEST_TEXT}. Pure. */
export function replaceAll(text: string, pattern: string, replacement: string): string {
  if (pattern === "") return text;
  const parts: string[] = [];
  let length = 0;
  let from = 0;
  for (let at = text.indexOf(pattern); at >= 0 && length <= LONGEST_TEXT; at = text.indexOf(pattern, from)) {
    parts.push(text.slice(from, at), replacement);
    length += at - from + replacement.length;
    from = at + pattern.length;
  }
  return parts.join("") + text.slice(from);
}

/** Filled up on the left to a length in characters. Pure. */
export function padText(text: string, length: number, filling = "0"): string {
  const missing = Math.min(LONGEST_TEXT, Math.trunc(length)) - Array.from(text).length;
  const characters = Array.from(filling);
  if (!(missing > 0) || characters.length === 0) return text;
  return Array.from({ length: missing }, (_, i) => characters[i % characters.length]).join("") + text;
}

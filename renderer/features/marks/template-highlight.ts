import { Findings } from "#template/diagnostic.ts";
import { Lexer, type Token } from "#template/lexer.ts";

/** Names of the styles in which a template's words are shown. */
export type HighlightStyle =
  | "keyword"
  | "propertyName"
  | "functionName"
  | "variableName"
  | "atom"
  | "number"
  | "color"
  | "string"
  | "special"
  | "comment"
  | "operator"
  | "punctuation"
  | "invalid";

export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly style: HighlightStyle;
}

const KEYWORDS = new Set(["template", "text", "image", "qr", "when", "else", "and", "or", "not", "of"]);
const TOKEN = /\$\((?:[^()"]|\([^()]*\))*\)?/g;

/** The styled stretches of one line, in order; no token goes over a line's end. Pure. */
export function highlightLine(line: string): readonly Stretch[] {
  const lexer = new Lexer(line, new Findings());
  const tokens: Token[] = [];
  const stretches: Stretch[] = [];
  for (let token = lexer.next(); ; token = lexer.next()) {
    for (const { span } of token.comments)
      stretches.push({ from: span.start, to: span.end, style: "comment" });
    if (token.kind === "end") break;
    tokens.push(token);
  }
  for (const [i, token] of tokens.entries()) {
    const { start: from, end: to } = token.span;
    if (token.kind === "string") stretches.push(...textStretches(line, from, to));
    else stretches.push({ from, to, style: styleOf(token, tokens[i + 1]) });
  }
  return stretches.sort((a, b) => a.from - b.from);
}

function styleOf({ kind, text }: Token, next: Token | undefined): HighlightStyle {
  switch (kind) {
    case "number":
    case "percent":
    case "pixels":
      return "number";
    case "color":
      return "color";
    case "broken":
      return "invalid";
    case "symbol":
      return /[{}(),]/.test(text) ? "punctuation" : "operator";
    default:
      if (KEYWORDS.has(text) && next?.text !== "(") return "keyword";
      if (next?.text === "=") return "propertyName";
      if (next?.text === "(") return "functionName";
      return /^[A-Z]{2}/.test(text) ? "variableName" : "atom";
  }
}

/** A text with its `$(…)` tokens. */
function textStretches(line: string, from: number, to: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let at = from;
  for (const match of line.slice(from, to).matchAll(TOKEN)) {
    const start = from + match.index;
    if (line[start - 1] === "\\") continue;
    if (start > at) stretches.push({ from: at, to: start, style: "string" });
    at = start + match[0].length;
    stretches.push({ from: start, to: at, style: "special" });
  }
  if (at < to) stretches.push({ from: at, to, style: "string" });
  return stretches;
}

import type { Findings } from "./diagnostic.ts";
import type { Span } from "./position.ts";

export type TokenKind =
  | "identifier"
  | "number"
  /** `12%`, the sign written to the number. */
  | "percent"
  /** `12px`. */
  | "pixels"
  | "color"
  | "string"
  | "symbol"
  /** Something that has been reported and stands for a value. */
  | "broken"
  | "end";

/** `// …` up to the end of its line. */
export interface Comment {
  /** With its slashes, without white space at its end. */
  readonly text: string;
  readonly span: Span;
  /** Nothing but white space without a line's end stands between the token before and the comment. */
  readonly sameLine: boolean;
  readonly blankBefore: boolean;
}

export interface Token {
  readonly kind: TokenKind;
  /** As written; for a number its digits alone. */
  readonly text: string;
  readonly span: Span;
  /** What stands before the token. */
  readonly comments: Comment[];
  readonly lineBefore: boolean;
  readonly blankBefore: boolean;
}

const isDigit = (unit: number) => unit >= 48 && unit <= 57;
const isLetter = (unit: number) => (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122) || unit === 95;
const isLineEnd = (unit: number) => unit === 10 || unit === 13;
const isSpace = (unit: number) => unit === 32 || unit === 9 || unit === 0xfeff || unit === 0xa0;

const DOUBLE_SYMBOLS = new Set(["==", "!=", "<=", ">=", "&&", "||"]);
const SYMBOLS = new Set("{}(),=+-*/%<>!");
/** What editors put in place of the plain signs. */
const TYPOGRAPHIC = new Map([
  ["“", '"'],
  ["”", '"'],
  ["„", '"'],
  ["«", '"'],
  ["»", '"'],
  ["‘", "'"],
  ["’", "'"],
  ["–", "-"],
  ["−", "-"],
  ["×", "*"],
  ["（", "("],
  ["）", ")"],
  ["，", ","],
  ["＝", "="],
]);

/** Cuts a stretch of a source into tokens, one at a time, in linear time. What it cannot read it reports and passes. */
export class Lexer {
  #at: number;
  readonly #source: string;
  readonly #end: number;
  readonly #findings: Findings;

  constructor(source: string, findings: Findings, span: Span = { start: 0, end: source.length }) {
    this.#source = source;
    this.#findings = findings;
    this.#at = span.start;
    this.#end = span.end;
  }

  /** The next token; `end` for ever at the end. */
  next(): Token {
    const comments: Comment[] = [];
    let lines = 0;
    let linesSinceComment = 0;
    for (;;) {
      const unit = this.#unit(0);
      if (this.#at >= this.#end) break;
      if (isLineEnd(unit)) {
        this.#at += unit === 13 && this.#unit(1) === 10 ? 2 : 1;
        lines++;
        linesSinceComment++;
      } else if (isSpace(unit)) this.#at++;
      else if (unit === 47 && this.#unit(1) === 47) {
        comments.push(this.#comment(lines === 0 && comments.length === 0, linesSinceComment > 1));
        linesSinceComment = 0;
      } else if (this.#isUnknown(unit)) this.#passUnknown();
      else break;
    }
    return { ...this.#token(), comments, lineBefore: lines > 0, blankBefore: linesSinceComment > 1 };
  }

  #unit(ahead: number): number {
    const at = this.#at + ahead;
    return at < this.#end ? this.#source.charCodeAt(at) : -1;
  }

  #comment(sameLine: boolean, blankBefore: boolean): Comment {
    const start = this.#at;
    while (this.#at < this.#end && !isLineEnd(this.#unit(0))) this.#at++;
    const text = this.#source.slice(start, this.#at).trimEnd();
    return { text, span: { start, end: start + text.length }, sameLine, blankBefore };
  }

  #isUnknown(unit: number): boolean {
    return !(
      isDigit(unit) ||
      isLetter(unit) ||
      unit === 34 ||
      unit === 39 ||
      unit === 35 ||
      (unit === 46 && isDigit(this.#unit(1))) ||
      SYMBOLS.has(String.fromCharCode(unit)) ||
      ((unit === 38 || unit === 124) && this.#unit(1) === unit)
    );
  }

  #passUnknown(): void {
    const start = this.#at;
    while (this.#at < this.#end) {
      const unit = this.#unit(0);
      if (isSpace(unit) || isLineEnd(unit) || !this.#isUnknown(unit)) break;
      this.#at++;
    }
    const text = this.#source.slice(start, this.#at);
    const meant = TYPOGRAPHIC.get(text);
    this.#findings.report({
      code: "syntax.unexpected_character",
      span: { start, end: this.#at },
      message: `\`${excerpt(text)}\` means nothing here${meant ? `, did you mean \`${meant}\`?` : "."}`,
      suggestion: meant,
    });
  }

  #token(): Pick<Token, "kind" | "text" | "span"> {
    const start = this.#at;
    const unit = this.#unit(0);
    if (unit === -1) return { kind: "end", text: "", span: { start, end: start } };
    if (isDigit(unit)) return this.#number(start);
    if (isLetter(unit)) return this.#identifier(start);
    if (unit === 46) return this.#bareFraction(start);
    if (unit === 34 || unit === 39) return this.#string(start, unit);
    if (unit === 35) return this.#color(start);
    const double = this.#source.slice(start, Math.min(start + 2, this.#end));
    this.#at += DOUBLE_SYMBOLS.has(double) ? 2 : 1;
    return this.#made("symbol", start);
  }

  #made(kind: TokenKind, start: number, textEnd = this.#at): Pick<Token, "kind" | "text" | "span"> {
    return { kind, text: this.#source.slice(start, textEnd), span: { start, end: this.#at } };
  }

  #word(): void {
    while (isLetter(this.#unit(0)) || isDigit(this.#unit(0))) this.#at++;
  }

  #identifier(start: number): Pick<Token, "kind" | "text" | "span"> {
    this.#word();
    while (this.#unit(0) === 46 && isLetter(this.#unit(1))) {
      this.#at++;
      this.#word();
    }
    return this.#made("identifier", start);
  }

  #number(start: number): Pick<Token, "kind" | "text" | "span"> {
    while (isDigit(this.#unit(0))) this.#at++;
    if (this.#unit(0) === 46 && isDigit(this.#unit(1))) {
      this.#at++;
      while (isDigit(this.#unit(0))) this.#at++;
    }
    const digitsEnd = this.#at;
    if (this.#unit(0) === 37) {
      this.#at++;
      return this.#made("percent", start, digitsEnd);
    }
    if (!isLetter(this.#unit(0)) && this.#unit(0) !== 46) return this.#made("number", start);
    while (isLetter(this.#unit(0)) || isDigit(this.#unit(0)) || this.#unit(0) === 46) this.#at++;
    const unit = this.#source.slice(digitsEnd, this.#at);
    if (unit === "px") return this.#made("pixels", start, digitsEnd);
    const digits = this.#source.slice(start, digitsEnd);
    this.#findings.report({
      code: "syntax.number",
      span: { start, end: this.#at },
      message: `\`${excerpt(this.#source.slice(start, this.#at))}\` is not a number or a length. Lengths are written like \`12%\` or \`40px\`.`,
      suggestion: /^[pP][xX]?$|^pixels?$|^pt$/.test(unit) ? `${digits}px` : undefined,
    });
    return this.#made("broken", start);
  }

  /** `.5`, which other languages have. */
  #bareFraction(start: number): Pick<Token, "kind" | "text" | "span"> {
    this.#at++;
    while (isDigit(this.#unit(0))) this.#at++;
    const meant = `0${this.#source.slice(start, this.#at)}`;
    this.#findings.report({
      code: "syntax.number",
      span: { start, end: this.#at },
      message: `A number begins with a digit, did you mean \`${excerpt(meant)}\`?`,
      suggestion: meant,
    });
    return this.#made("broken", start);
  }

  #color(start: number): Pick<Token, "kind" | "text" | "span"> {
    this.#at++;
    this.#word();
    const text = this.#source.slice(start, this.#at);
    if (/^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text)) return this.#made("color", start);
    this.#findings.report({
      code: "syntax.color",
      span: { start, end: this.#at },
      message: `\`${excerpt(text)}\` is not a colour. Colours are written like \`#ffffff\`.`,
      suggestion: /^#[0-9a-fA-F]{8}$/.test(text) ? text.slice(0, 7) : undefined,
    });
    return this.#made("broken", start);
  }

  /** Only finds the end; what is in it is read by whoever knows what it is for. */
  #string(start: number, quote: number): Pick<Token, "kind" | "text" | "span"> {
    this.#at++;
    while (this.#at < this.#end) {
      const unit = this.#unit(0);
      if (isLineEnd(unit)) break;
      this.#at += unit === 92 && this.#at + 1 < this.#end && !isLineEnd(this.#unit(1)) ? 2 : 1;
      if (unit === quote) return this.#made("string", start);
    }
    this.#findings.report({
      code: "syntax.unterminated",
      span: { start, end: this.#at },
      message: `This text has no end on its line. Close it with ${String.fromCharCode(quote)}.`,
    });
    return this.#made("broken", start);
  }
}

/** The start of a text, for a message. Pure. */
export function excerpt(text: string): string {
  return text.length > 30 ? `${text.slice(0, 29).toWellFormed()}…` : text.toWellFormed();
}

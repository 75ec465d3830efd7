import {
  CASE_SYMBOLS,
  REPLACE_SYMBOLS,
  TEXT_SYMBOLS,
  type TextPart,
  type TokenOperator,
  type TokenPart,
} from "./ast.ts";
import type { Findings } from "./diagnostic.ts";
import { excerpt } from "./lexer.ts";
import { nearestName } from "./nearest-name.ts";
import { PHOTO_MECHANIC_NAMES, tokenOfPhotoMechanic } from "./photo-mechanic.ts";
import type { Span } from "./position.ts";

/** Tokens in the defaults and patterns of tokens. */
const DEEPEST_TOKEN = 16;
const ESCAPES = new Map(
  Object.entries({
    n: "\n",
    t: "\t",
    '"': '"',
    "'": "'",
    "\\": "\\",
    $: "$",
    "{": "{",
    ")": ")",
    "/": "/",
    "#": "#",
    "%": "%",
  }),
);

/** Reads what stands between the quotes of a text: letters, escapes and `$(…)` tokens. Takes linear time. */
export function readText(source: string, span: Span, findings: Findings): readonly TextPart[] {
  return new TextReader(source, span, findings).parts("", 0);
}

class TextReader {
  #at: number;
  readonly #source: string;
  readonly #end: number;
  readonly #findings: Findings;

  constructor(source: string, span: Span, findings: Findings) {
    this.#source = source;
    this.#at = span.start;
    this.#end = span.end;
    this.#findings = findings;
  }

  /** Reads up to one of the characters in `stops`, which stays. */
  parts(stops: string, depth: number): readonly TextPart[] {
    const parts: TextPart[] = [];
    let literal: string[] = [];
    let start = this.#at;
    const flush = () => {
      if (literal.length > 0)
        parts.push({ kind: "literal", value: literal.join(""), span: { start, end: this.#at } });
      literal = [];
    };
    while (this.#at < this.#end && !stops.includes(this.#source[this.#at]!)) {
      const before = this.#at;
      const part = this.#token(depth) ?? this.#foreign();
      if (part) {
        const after = this.#at;
        this.#at = before;
        flush();
        this.#at = after;
        parts.push(part);
        start = after;
      } else literal.push(this.#character());
    }
    flush();
    return parts;
  }

  #character(): string {
    const character = this.#source[this.#at++]!;
    if (character !== "\\" || this.#at >= this.#end) return character;
    const start = this.#at - 1;
    const escaped = this.#source[this.#at++]!;
    const plain = ESCAPES.get(escaped);
    if (plain !== undefined) return plain;
    if (escaped === "u") {
      const code = this.#match(/\{([0-9a-fA-F]{1,6})\}/y);
      const value = code ? Number.parseInt(code[1]!, 16) : Number.NaN;
      if (value <= 0x10ffff && !(value >= 0xd800 && value <= 0xdfff)) return String.fromCodePoint(value);
    }
    this.#findings.report({
      code: "syntax.escape",
      span: { start, end: this.#at },
      message: `\`${excerpt(this.#source.slice(start, this.#at))}\` is no escape. There are \\" \\\\ \\$ \\{ \\) \\/ \\n \\t and \\u{20ac}.`,
      suggestion: `\\\\${this.#source.slice(start + 1, this.#at)}`,
    });
    return escaped;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (!match || this.#at + match[0].length > this.#end) return null;
    this.#at += match[0].length;
    return match;
  }

  #take(text: string): boolean {
    if (this.#at + text.length > this.#end || !this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** Photo Mechanic's `{filenamebase}`. */
  #foreign(): TokenPart | null {
    if (this.#source[this.#at] !== "{") return null;
    const start = this.#at;
    const match = this.#match(/\{([a-z0-9]{1,32})\}/y);
    if (!match) return null;
    const written = match[1]!;
    const token = tokenOfPhotoMechanic(written);
    const span = { start, end: this.#at };
    if (token === undefined) {
      const near = nearestName(written, PHOTO_MECHANIC_NAMES);
      this.#findings.report({
        code: "token.photo_mechanic",
        severity: "warning",
        span,
        message: `\`${match[0]}\` is not a variable that is known here, and is written as it stands.`,
        suggestion: near && `$(${tokenOfPhotoMechanic(near)})`,
      });
      this.#at = start;
      return null;
    }
    this.#findings.report({
      code: "token.photo_mechanic",
      severity: "warning",
      span,
      message: `\`${match[0]}\` is Photo Mechanic's; here it is \`$(${token})\`.`,
      suggestion: `$(${token})`,
    });
    const [text, index] = token.split("[");
    return {
      kind: "token",
      name: { text: text!, span },
      index: index === undefined ? null : index.slice(0, -1).split(",").map(Number),
      operator: null,
      foreign: written,
      span,
    };
  }

  #token(depth: number): TokenPart | null {
    const start = this.#at;
    if (!this.#take("$(")) return null;
    const nameStart = this.#at;
    const name = this.#match(/[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/y);
    if (!name || depth >= DEEPEST_TOKEN) {
      this.#findings.report({
        code: depth >= DEEPEST_TOKEN ? "syntax.too_deep" : "syntax.token",
        span: { start, end: this.#at },
        message:
          depth >= DEEPEST_TOKEN
            ? `Tokens stand within tokens more than ${DEEPEST_TOKEN} deep.`
            : "`$(` begins a token like `$(EXIF.YEAR)`, but no name follows. For the plain signs write `\\$(`.",
        suggestion: depth >= DEEPEST_TOKEN ? undefined : "\\$(",
      });
      this.#at = nameStart - 1;
      return {
        ...EMPTY_TOKEN,
        name: { text: "", span: { start, end: this.#at } },
        span: { start, end: this.#at },
      };
    }
    const nameSpan = { start: nameStart, end: this.#at };
    const index = this.#match(/\[(\d{1,4})(?:,(\d{1,9}))?\]/y);
    const operator = this.#operator(depth);
    if (!this.#take(")")) this.#closeToken(start);
    return {
      kind: "token",
      name: { text: name[0], span: nameSpan },
      index: index
        ? index.slice(1).flatMap((digits) => (digits === undefined ? [] : [Number(digits)]))
        : null,
      operator,
      foreign: null,
      span: { start, end: this.#at },
    };
  }

  /** Passes over the rest of a token that does not end where it should. */
  #closeToken(start: number): void {
    const from = this.#at;
    while (this.#at < this.#end && this.#source[this.#at] !== ")") this.#at++;
    const closed = this.#take(")");
    this.#findings.report({
      code: "syntax.token",
      span: { start, end: this.#at },
      message: closed
        ? `\`${excerpt(this.#source.slice(from, this.#at - 1))}\` cannot follow here. A token is a name with one operator, like \`$(EXIF.YEAR-2026)\`.`
        : "This token is not closed with `)`.",
    });
  }

  #operator(depth: number): TokenOperator | null {
    for (const symbol of CASE_SYMBOLS) if (this.#take(symbol)) return { symbol };
    for (const symbol of TEXT_SYMBOLS)
      if (this.#take(symbol)) return { symbol, text: this.parts(")", depth + 1) };
    const slice = this.#match(/:(-?\d{1,6})(?::(-?\d{1,6}))?/y);
    if (slice)
      return {
        symbol: ":",
        offset: Number(slice[1]) + 0,
        length: slice[2] === undefined ? null : Number(slice[2]) + 0,
      };
    for (const symbol of REPLACE_SYMBOLS)
      if (this.#take(symbol)) {
        const pattern = this.parts("/)", depth + 1);
        const replacement = this.#take("/") ? this.parts(")", depth + 1) : [];
        return { symbol, pattern, replacement };
      }
    return null;
  }
}

const EMPTY_TOKEN = { kind: "token", index: null, operator: null, foreign: null } as const;

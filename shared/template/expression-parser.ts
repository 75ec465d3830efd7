import type { BinarySymbol, ExpressionNode, Name, TextNode } from "./ast.ts";
import type { DiagnosticCode, Findings } from "./diagnostic.ts";
import { type Comment, excerpt, Lexer, type Token } from "./lexer.ts";
import type { Span } from "./position.ts";
import { readText } from "./text-reader.ts";

/** Operators, calls and parentheses within each other. */
const DEEPEST_EXPRESSION = 100;
/** Larger numbers mean nothing in a template, and lose digits. */
const LARGEST_NUMBER = Number.MAX_SAFE_INTEGER;

/** Binding strength; the higher binds tighter. `not` stands between `and` and the comparisons. */
export const PRECEDENCE: Readonly<Record<BinarySymbol, number>> = {
  or: 1,
  and: 2,
  "==": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "%": 6,
};
export const NOT_PRECEDENCE = 3;
export const COMPARISON = 4;

/** Settings whose text is a little expression of its own (spec.md S12). */
const QUOTED_SETTINGS = new Set(["location", "persistence"]);
const FOREIGN_WORDS = new Map<string, string>([
  ["&&", "and"],
  ["||", "or"],
]);

/** Tokens with lookahead, and the expressions made of them. */
export class ExpressionParser {
  readonly source: string;
  readonly findings: Findings;
  /** Comments within the item that is being read, which it will take. */
  floating: Comment[] = [];
  /** Braces opened and not closed so far. */
  openBraces = 0;
  #lexer: Lexer;
  #ahead: Token[] = [];
  #lastEnd = 0;

  constructor(source: string, findings: Findings, span?: Span) {
    this.source = source;
    this.findings = findings;
    this.#lexer = new Lexer(source, findings, span);
  }

  peek(ahead: 0 | 1 | 2 = 0): Token {
    while (this.#ahead.length <= ahead) this.#ahead.push(this.#lexer.next());
    return this.#ahead[ahead]!;
  }

  advance(): Token {
    const token = this.peek();
    this.#ahead.shift();
    for (const comment of token.comments.splice(0)) this.floating.push(comment);
    if (token.kind === "symbol") {
      if (token.text === "{") this.openBraces++;
      else if (token.text === "}" && this.openBraces > 0) this.openBraces--;
    }
    this.#lastEnd = token.span.end;
    return token;
  }

  /** The comments before the next token, which then has none. */
  takeComments(): Comment[] {
    return this.peek().comments.splice(0);
  }

  report(code: DiagnosticCode, span: Span, message: string, suggestion?: string): void {
    this.findings.report({ code, span, message, suggestion });
  }

  spanFrom(start: number): Span {
    return { start, end: Math.max(start, this.#lastEnd) };
  }

  /** The value of a setting. */
  value(setting: string): ExpressionNode {
    const token = this.peek();
    if (!QUOTED_SETTINGS.has(setting) || token.kind !== "string") return this.expression();
    this.advance();
    const inner = new ExpressionParser(this.source, this.findings, {
      start: token.span.start + 1,
      end: token.span.end - 1,
    });
    const content = inner.expression();
    const rest = inner.peek();
    if (rest.kind !== "end" && content.kind !== "error")
      inner.report("syntax.unexpected", rest.span, `\`${excerpt(rest.text)}\` cannot follow here.`);
    return { kind: "quoted", content, span: token.span };
  }

  expression(): ExpressionNode {
    return this.#binary(0, 0);
  }

  text(): TextNode {
    const { span } = this.advance();
    const parts = readText(this.source, { start: span.start + 1, end: span.end - 1 }, this.findings);
    return { kind: "text", parts, span };
  }

  #binary(weakest: number, depth: number): ExpressionNode {
    let left = this.#unary(weakest, depth);
    for (let length = 1; ; length++) {
      const operator = this.#operatorAhead();
      if (operator === null || PRECEDENCE[operator] <= weakest) return left;
      if (depth + length > DEEPEST_EXPRESSION) return this.#tooDeep();
      const symbol = this.advance();
      if (FOREIGN_WORDS.has(symbol.text))
        this.report(
          "syntax.unexpected",
          symbol.span,
          `\`${symbol.text}\` is written \`${operator}\`.`,
          operator,
        );
      const right = this.#binary(PRECEDENCE[operator], depth + length);
      left = { kind: "binary", operator, left, right, span: { start: left.span.start, end: right.span.end } };
      const next = this.#operatorAhead();
      if (PRECEDENCE[operator] === COMPARISON && next !== null && PRECEDENCE[next] === COMPARISON) {
        const { span } = this.peek();
        this.report("syntax.unexpected", span, "Comparisons cannot be chained. Join two of them with `and`.");
      }
    }
  }

  #operatorAhead(): BinarySymbol | null {
    const { kind, text } = this.peek();
    const word = FOREIGN_WORDS.get(text) ?? text;
    if (kind !== "symbol" && !(kind === "identifier" && (text === "and" || text === "or"))) return null;
    return Object.hasOwn(PRECEDENCE, word) ? (word as BinarySymbol) : null;
  }

  #unary(weakest: number, depth: number): ExpressionNode {
    const token = this.peek();
    const isNot = (token.kind === "identifier" && token.text === "not") || token.text === "!";
    if (!isNot && token.text !== "-") return this.#primary(depth);
    if (depth >= DEEPEST_EXPRESSION) return this.#tooDeep();
    this.advance();
    if (token.text === "!") this.report("syntax.unexpected", token.span, "`!` is written `not`.", "not ");
    const operand = isNot
      ? this.#binary(Math.max(weakest, NOT_PRECEDENCE), depth + 1)
      : this.#unary(PRECEDENCE["*"], depth + 1);
    const operator = isNot ? "not" : "-";
    return { kind: "unary", operator, operand, span: { start: token.span.start, end: operand.span.end } };
  }

  #primary(depth: number): ExpressionNode {
    const token = this.peek();
    const { span } = token;
    switch (token.kind) {
      case "number":
      case "percent":
      case "pixels":
        return this.#quantity();
      case "color":
        this.advance();
        return { kind: "color", value: longColor(token.text), span };
      case "string":
        return this.text();
      case "identifier":
        this.advance();
        if (this.peek().text === "(" && this.peek().kind === "symbol" && !this.peek().lineBefore)
          return this.#call({ text: token.text, span }, depth);
        return { kind: "name", name: token.text, span };
      case "broken":
        this.advance();
        return { kind: "error", span };
      case "symbol":
        if (token.text === "(") return this.#parenthesised(depth);
    }
    this.report(
      "syntax.unexpected",
      span,
      token.kind === "end"
        ? "A value is missing at the end."
        : `A value is missing before \`${token.text}\`.`,
    );
    return { kind: "error", span: { start: span.start, end: span.start } };
  }

  #quantity(): ExpressionNode {
    const { kind, text, span } = this.advance();
    const value = Number(text);
    if (value > LARGEST_NUMBER) {
      this.report("syntax.number", span, `\`${excerpt(text)}\` is too large.`);
      return { kind: "error", span };
    }
    const digits = plainDigits(text);
    if (kind === "number") return { kind: "number", value, digits, span };
    let side: Name | null = null;
    const of = this.peek();
    if (kind === "percent" && of.kind === "identifier" && of.text === "of") {
      this.advance();
      const word = this.peek();
      if (word.kind === "identifier") side = { text: this.advance().text, span: word.span };
      else this.report("syntax.unexpected", of.span, "`of` is followed by a side, like `4% of width`.");
    }
    return {
      kind: "length",
      value,
      digits,
      unit: kind === "percent" ? "%" : "px",
      side,
      span: this.spanFrom(span.start),
    };
  }

  #parenthesised(depth: number): ExpressionNode {
    const open = this.peek();
    if (depth >= DEEPEST_EXPRESSION) return this.#tooDeep();
    this.advance();
    const inner = this.#binary(0, depth + 1);
    this.#close(open);
    return inner.kind === "error" ? { kind: "error", span: this.spanFrom(open.span.start) } : inner;
  }

  #call(name: Name, depth: number): ExpressionNode {
    const open = this.peek();
    if (depth >= DEEPEST_EXPRESSION) return this.#tooDeep();
    this.advance();
    const args: { name: Name | null; value: ExpressionNode }[] = [];
    while (this.peek().text !== ")" && this.peek().kind !== "end") {
      const first = this.peek();
      let argument: Name | null = null;
      if (first.kind === "identifier" && this.peek(1).text === "=") {
        argument = { text: first.text, span: first.span };
        this.advance();
        this.advance();
      }
      const value = this.#binary(0, depth + 1);
      args.push({ name: argument, value });
      if (this.peek().text !== ",") break;
      this.advance();
    }
    this.#close(open);
    return { kind: "call", name, args, span: this.spanFrom(name.span.start) };
  }

  #close(open: Token): void {
    if (this.peek().text === ")" && this.peek().kind === "symbol") this.advance();
    else this.report("syntax.unterminated", open.span, "This `(` has no `)`.");
  }

  /** Passes over the rest of an expression. */
  #tooDeep(): ExpressionNode {
    const { span } = this.peek();
    this.report("syntax.too_deep", span, `This is nested more than ${DEEPEST_EXPRESSION} deep.`);
    let open = 0;
    for (;;) {
      const token = this.peek();
      if (token.kind === "end" || token.text === "{" || token.text === "}") break;
      if (token.kind === "identifier" && this.peek(1).text === "=" && open === 0 && token.lineBefore) break;
      if (token.text === ")" && open === 0) break;
      if (token.text === "(") open++;
      else if (token.text === ")") open--;
      this.advance();
    }
    return { kind: "error", span: this.spanFrom(span.start) };
  }
}

function longColor(text: string): string {
  const digits = text.slice(1).toLowerCase();
  return `#${digits.length === 3 ? Array.from(digits, (digit) => digit + digit).join("") : digits}`;
}

/** `007.50` → `7.5`. Pure. */
function plainDigits(text: string): string {
  const [whole = "", part = ""] = text.split(".");
  const fraction = part.replace(/0+$/, "");
  return `${whole.replace(/^0+(?=\d)/, "")}${fraction && `.${fraction}`}`;
}

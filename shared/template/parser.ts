import type { BlockNode, DocumentNode, ErrorNode, ItemNode, TemplateNode, TextNode } from "./ast.ts";
import type { Findings } from "./diagnostic.ts";
import { ExpressionParser } from "./expression-parser.ts";
import { type Comment, excerpt } from "./lexer.ts";
import { didYouMean, nearestName } from "./nearest-name.ts";
import type { Span } from "./position.ts";

/** Longer sources are refused unread. UTF-16 code units. */
export const LONGEST_SOURCE = 1 << 18;
/** Blocks within blocks. */
const DEEPEST_BLOCK = 16;
const MOST_BRANCHES = 32;
/** Of a line up to its brace, as far as its indentation matters. UTF-16 code units. */
const LONGEST_HEAD = 500;

export const LAYER_KINDS = ["text", "image", "qr"] as const;
const ITEM_WORDS = [...LAYER_KINDS, "when"];

/**
 * Reads a template's source. Whatever it is, the answer covers all of it: what cannot be read is reported and stands as
 * an error node, and reading goes on behind it. Takes linear time. Pure.
 */
export function parseTemplate(source: string, findings: Findings): DocumentNode {
  if (source.length > LONGEST_SOURCE) {
    findings.report({
      code: "source.too_large",
      span: { start: 0, end: 0 },
      message: `A template has ${LONGEST_SOURCE.toLocaleString("en-US")} characters at most; this one has ${source.length.toLocaleString("en-US")}.`,
    });
    return { kind: "document", templates: [], dangling: [], span: { start: 0, end: source.length } };
  }
  return new Parser(source, findings).document();
}

class Parser extends ExpressionParser {
  /** The brace of the first block whose closing brace stands further left than its head: that one was probably meant
   *  for a block around it. */
  #doubtful: Span | null = null;

  document(): DocumentNode {
    const templates: TemplateNode[] = [];
    for (;;) {
      const token = this.peek();
      if (token.kind === "end") break;
      if (token.kind === "identifier" && token.text === "template") templates.push(this.#template());
      else {
        const near = token.kind === "identifier" ? nearestName(token.text, ["template"]) : undefined;
        this.report(
          "syntax.unexpected",
          token.span,
          `A file begins with \`template "name" {\`, not with \`${excerpt(token.text)}\`${near ? didYouMean(near) : "."}`,
          near,
        );
        if (near) templates.push(this.#template());
        else this.#skip((next) => next.kind === "identifier" && next.text === "template");
      }
    }
    const dangling = this.takeComments();
    return {
      kind: "document",
      templates,
      dangling: [...this.floating, ...dangling],
      span: { start: 0, end: this.source.length },
    };
  }

  #template(): TemplateNode {
    return this.#withTrivia((start) => {
      this.advance();
      const name = this.#templateName();
      const body = this.#block(1);
      return { kind: "template", name, body, span: this.spanFrom(start) } as const;
    });
  }

  #templateName(): TextNode | ErrorNode {
    const token = this.peek();
    if (token.kind === "string") return this.text();
    const written = token.kind === "identifier" && this.peek(1).text === "{";
    this.report(
      "syntax.unexpected",
      token.span,
      'A template needs a name in quotes, like `template "corner" {`.',
      written ? `"${token.text}"` : undefined,
    );
    if (token.text !== "{" && token.kind !== "end") this.advance();
    return { kind: "error", span: token.span };
  }

  /** Gives an item the comments that stand before it, in it where nothing else holds them, and behind it. */
  #withTrivia<T extends object>(
    read: (start: number) => T,
  ): T & { leading: readonly Comment[]; trailing: Comment | null; blankBefore: boolean } {
    const { blankBefore, span } = this.peek();
    const leading = this.takeComments();
    const outer = this.floating;
    this.floating = [];
    const node = read(span.start);
    for (const comment of this.floating) leading.push(comment);
    this.floating = outer;
    const [next] = this.peek().comments;
    const trailing = next?.sameLine ? this.peek().comments.shift()! : null;
    return { ...node, leading, trailing, blankBefore };
  }

  /** From `{` to its `}`. A missing brace is reported, and the block is empty. */
  #block(depth: number): BlockNode {
    const open = this.peek();
    if (open.text !== "{") {
      this.report("syntax.unexpected", open.span, "`{` is missing here.", undefined);
      return { items: [], dangling: [], span: { start: open.span.start, end: open.span.start } };
    }
    if (depth > DEEPEST_BLOCK) {
      this.report(
        "syntax.too_deep",
        open.span,
        `Blocks stand within blocks more than ${DEEPEST_BLOCK} deep.`,
      );
      this.#skipBraces();
      return { items: [], dangling: [], span: this.spanFrom(open.span.start) };
    }
    this.advance();
    const items: ItemNode[] = [];
    for (;;) {
      const token = this.peek();
      if (token.text === "}" && token.kind === "symbol") break;
      if (token.kind === "end") {
        this.report("syntax.unterminated", this.#doubtful ?? open.span, "This `{` has no `}`.");
        this.#doubtful = null;
        break;
      }
      items.push(this.#withTrivia((start) => this.#item(start, depth)));
    }
    const dangling = this.takeComments();
    const close = this.peek();
    if (close.lineBefore && this.#indentOf(close.span.start) < this.#indentOf(open.span.start))
      this.#doubtful ??= open.span;
    if (close.kind !== "end") this.advance();
    return { items, dangling, span: this.spanFrom(open.span.start) };
  }

  /** White space at the start of the line that an offset is in, as far as it is near. */
  #indentOf(offset: number): number {
    const nearest = Math.max(0, offset - LONGEST_HEAD);
    const before = this.source.slice(nearest, offset);
    const lineStart = Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r")) + 1;
    return before.length - lineStart - before.slice(lineStart).trimStart().length;
  }

  #item(start: number, depth: number): WithoutTrivia<ItemNode> {
    const token = this.peek();
    const next = this.peek(1);
    if (token.kind === "identifier") {
      if (next.text === "=" || next.text === "==") return this.#setting(start);
      if ((LAYER_KINDS as readonly string[]).includes(token.text)) return this.#layer(start, depth);
      if (token.text === "when") return this.#when(start, depth);
      if (token.text !== "else") return this.#misspelt(start, depth);
    }
    const message =
      token.text === "else"
        ? "`else` has no `when` before it."
        : `\`${excerpt(token.text)}\` cannot stand here. A setting like \`opacity = 0.5\`, a layer or a rule can.`;
    this.report("syntax.unexpected", token.span, message);
    if (token.text === "{") this.#skipBraces();
    else this.advance();
    this.#skip((following) => following.lineBefore && following.kind === "identifier");
    return { kind: "error", span: this.spanFrom(start) };
  }

  #setting(start: number): WithoutTrivia<ItemNode> {
    const { text, span } = this.advance();
    const sign = this.advance();
    if (sign.text === "==") this.report("syntax.unexpected", sign.span, "A setting is given with `=`.", "=");
    return { kind: "setting", name: { text, span }, value: this.value(text), span: this.spanFrom(start) };
  }

  #layer(start: number, depth: number): WithoutTrivia<ItemNode> {
    const { text, span } = this.advance();
    const value = this.expression();
    const body = this.peek().text === "{" ? this.#block(depth + 1) : null;
    return { kind: "layer", layer: { text, span }, value, body, span: this.spanFrom(start) };
  }

  #when(start: number, depth: number): WithoutTrivia<ItemNode> {
    const branches: { condition: ReturnType<Parser["expression"]>; body: BlockNode }[] = [];
    let otherwise: BlockNode | null = null;
    for (;;) {
      const word = this.advance();
      if (branches.length === MOST_BRANCHES)
        this.report("syntax.too_deep", word.span, `A rule has ${MOST_BRANCHES} branches at most.`);
      const branch = { condition: this.expression(), body: this.#block(depth + 1) };
      if (branches.length < MOST_BRANCHES) branches.push(branch);
      if (this.peek().text !== "else") break;
      this.advance();
      if (this.peek().text === "when") continue;
      otherwise = this.#block(depth + 1);
      break;
    }
    return { kind: "when", branches, otherwise, span: this.spanFrom(start) };
  }

  /** A word that begins nothing: a setting without its sign, or a layer of no known kind. */
  #misspelt(start: number, depth: number): WithoutTrivia<ItemNode> {
    const word = this.peek();
    const next = this.peek(1);
    const begins = (["number", "percent", "pixels", "color", "string", "identifier"] as const).some(
      (kind) => kind === next.kind,
    );
    if (
      begins &&
      !next.lineBefore &&
      this.peek(2).text !== "{" &&
      nearestName(word.text, ITEM_WORDS) === undefined
    ) {
      this.advance();
      this.report(
        "syntax.unexpected",
        word.span,
        `\`=\` is missing after \`${excerpt(word.text)}\`.`,
        `${word.text} =`,
      );
      const value = this.value(word.text);
      return {
        kind: "setting",
        name: { text: word.text, span: word.span },
        value,
        span: this.spanFrom(start),
      };
    }
    const near = nearestName(word.text, ITEM_WORDS);
    this.report(
      "layer.unknown",
      word.span,
      `Unknown layer \`${excerpt(word.text)}\`${didYouMean(near) || ". There are `text`, `image`, `qr` and `when`."}`,
      near,
    );
    this.advance();
    if (begins && !next.lineBefore) this.expression();
    if (this.peek().text === "{") this.#block(depth + 1);
    return { kind: "error", span: this.spanFrom(start) };
  }

  /** Passes tokens, blocks as a whole, up to one that `stop` wants, a closing brace or the end. */
  #skip(stop: (token: ReturnType<Parser["peek"]>) => boolean): void {
    for (;;) {
      const token = this.peek();
      if (token.kind === "end" || stop(token)) return;
      if (token.text === "{" && token.kind === "symbol") this.#skipBraces();
      else if (token.text === "}" && token.kind === "symbol" && this.openBraces > 0) return;
      else this.advance();
    }
  }

  #skipBraces(): void {
    const outside = this.openBraces;
    do this.advance();
    while (this.openBraces > outside && this.peek().kind !== "end");
  }
}

type WithoutTrivia<T> = T extends ItemNode ? Omit<T, "leading" | "trailing" | "blankBefore"> : never;

import type {
  BlockNode,
  DocumentNode,
  ExpressionNode,
  ItemNode,
  TemplateNode,
  TextPart,
  TokenPart,
  Trivia,
} from "./ast.ts";
import { type Diagnostic, Findings } from "./diagnostic.ts";
import { COMPARISON, NOT_PRECEDENCE, PRECEDENCE } from "./expression-parser.ts";
import type { Comment } from "./lexer.ts";
import { parseTemplate } from "./parser.ts";
import { tokenOfPhotoMechanic } from "./photo-mechanic.ts";

export interface FormattedTemplate {
  /** `null` where the source cannot be read as a whole; nothing of it may get lost. */
  readonly text: string | null;
  /** Of the syntax alone, and what was converted. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The one way in which a template is written: a setting a line, two spaces a block, plain numbers, double quotes, every
 * comment kept, Photo Mechanic's variables converted. Formatting what is formatted changes nothing, and the meaning
 * never changes. Pure.
 */
export function formatTemplate(source: string): FormattedTemplate {
  const findings = new Findings();
  const document = parseTemplate(source, findings);
  return {
    text: findings.errors > 0 ? null : printDocument(document),
    diagnostics: findings.diagnostics(source),
  };
}

/** The canonical text of an error-free document. Pure. */
export function printDocument(document: DocumentNode): string {
  const lines: string[] = [];
  for (const template of document.templates) {
    if (lines.length > 0) lines.push("");
    printTemplate(template, lines);
  }
  printComments(document.dangling, "", lines, lines.length === 0);
  return lines.map((line) => `${line}\n`).join("");
}

function printTemplate(template: TemplateNode, lines: string[]): void {
  printComments(template.leading, "", lines, true);
  if (template.blankBefore && template.leading.length > 0) lines.push("");
  const name = template.name.kind === "text" ? printText(template.name.parts) : '""';
  printBlock(`template ${name}`, template.body, "", lines);
  printTrailing(template, lines);
}

function printComments(comments: readonly Comment[], indent: string, lines: string[], first: boolean): void {
  for (const [i, comment] of comments.entries()) {
    if (comment.blankBefore && !(first && i === 0)) lines.push("");
    lines.push(indent + comment.text);
  }
}

function printTrailing({ trailing }: Trivia, lines: string[]): void {
  if (trailing) lines.push(`${lines.pop()} ${trailing.text}`);
}

/** `head {`, what is in it, `}`. */
function printBlock(head: string, block: BlockNode, indent: string, lines: string[]): void {
  if (block.items.length === 0 && block.dangling.length === 0) {
    lines.push(`${indent}${head} {}`);
    return;
  }
  lines.push(`${indent}${head} {`);
  const inner = `${indent}  `;
  for (const [i, item] of block.items.entries()) {
    const first = i === 0;
    if (!first && standsApart(item, block.items[i - 1]!)) lines.push("");
    printComments(item.leading, inner, lines, first || standsApart(item, block.items[i - 1]!));
    if (item.leading.length > 0 && item.blankBefore) lines.push("");
    printItem(item, inner, lines);
    printTrailing(item, lines);
  }
  printComments(block.dangling, inner, lines, block.items.length === 0);
  lines.push(`${indent}}`);
}

/** Whether a blank line stands between two items: always around blocks, elsewhere where there was one. */
function standsApart(item: ItemNode, before: ItemNode): boolean {
  const [comment] = item.leading;
  return hasBlock(item) || hasBlock(before) || (comment ? comment.blankBefore : item.blankBefore);
}

function hasBlock(item: ItemNode): boolean {
  return item.kind === "when" || (item.kind === "layer" && !isShort(item.body));
}

function isShort(body: BlockNode | null): boolean {
  return body === null || (body.items.length === 0 && body.dangling.length === 0);
}

function printItem(item: ItemNode, indent: string, lines: string[]): void {
  switch (item.kind) {
    case "setting":
      lines.push(`${indent}${item.name.text} = ${printExpression(item.value)}`);
      break;
    case "layer": {
      const head = `${item.layer.text} ${printExpression(item.value)}`;
      if (item.body === null || isShort(item.body)) lines.push(indent + head);
      else printBlock(head, item.body, indent, lines);
      break;
    }
    case "when":
      for (const [i, { condition, body }] of item.branches.entries()) {
        const head = i === 0 ? "when" : `${lines.pop()!.trimStart()} else when`;
        printBlock(`${head} ${printExpression(condition)}`, body, indent, lines);
      }
      if (item.otherwise) printBlock(`${lines.pop()!.trimStart()} else`, item.otherwise, indent, lines);
  }
}

/** Two places where a text stands: in a template, or in a text of a template. */
type Quote = '"' | "'";

function printExpression(node: ExpressionNode, quote: Quote = '"'): string {
  switch (node.kind) {
    case "number":
      return node.digits;
    case "length":
      return `${node.digits}${node.unit}${node.side ? ` of ${node.side.text}` : ""}`;
    case "color":
      return node.value;
    case "name":
      return node.name;
    case "text":
      return printText(node.parts, quote);
    case "quoted":
      return `"${printExpression(node.content, "'")}"`;
    case "call": {
      const args = node.args.map(
        ({ name, value }) => `${name ? `${name.text}=` : ""}${printExpression(value, quote)}`,
      );
      return `${node.name.text}(${args.join(", ")})`;
    }
    case "unary": {
      const weakest = node.operator === "not" ? NOT_PRECEDENCE : PRECEDENCE["*"] + 1;
      const operand = within(node.operand, weakest, quote);
      return node.operator === "not" ? `not ${operand}` : `-${operand}`;
    }
    case "binary": {
      const strength = PRECEDENCE[node.operator];
      // Of two operators as strong the left one comes first; comparisons stand alone.
      const left = within(node.left, strength === COMPARISON ? strength + 1 : strength, quote);
      const right = within(node.right, strength + 1, quote);
      return `${left} ${node.operator} ${right}`;
    }
    case "error":
      return "";
  }
}

/** In parentheses where it binds weaker than `weakest`. */
function within(node: ExpressionNode, weakest: number, quote: Quote): string {
  const text = printExpression(node, quote);
  return strengthOf(node) < weakest ? `(${text})` : text;
}

function strengthOf(node: ExpressionNode): number {
  if (node.kind === "binary") return PRECEDENCE[node.operator];
  if (node.kind === "unary") return node.operator === "not" ? NOT_PRECEDENCE : PRECEDENCE["*"] + 1;
  return Number.POSITIVE_INFINITY;
}

function printText(parts: readonly TextPart[], quote: Quote = '"'): string {
  return quote + printParts(parts, "", quote) + quote;
}

/** @param stops what ends the text, beside its quotes. */
function printParts(parts: readonly TextPart[], stops: string, quote: Quote): string {
  return parts
    .map((part) =>
      part.kind === "token" ? printToken(part, quote) : escapeLiteral(part.value, stops, quote),
    )
    .join("");
}

function escapeLiteral(value: string, stops: string, quote: Quote): string {
  const escaped = value.replace(/["'\\\n\t)/]|\$(?=\()|[\p{Cc}\u2028\u2029\ufeff]/gu, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    // Double quotes would end the text around a text.
    if (character === '"') return quote === '"' ? '\\"' : "\\u{22}";
    if (character === "'") return quote === "'" ? "\\'" : "'";
    if (character === ")" || character === "/")
      return stops.includes(character) ? `\\${character}` : character;
    if (character === "\\" || character === "$") return `\\${character}`;
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
  return escaped.replace(/\{([a-z0-9]{1,32})\}/g, (written, name: string) =>
    tokenOfPhotoMechanic(name) === undefined ? written : `\\${written}`,
  );
}

function printToken({ name, index, operator }: TokenPart, quote: Quote): string {
  const written = `${name.text}${index ? `[${index.join(",")}]` : ""}`;
  if (operator === null) return `$(${written})`;
  switch (operator.symbol) {
    case "^^":
    case "^":
    case ",,":
    case ",":
      return `$(${written}${operator.symbol})`;
    case "-":
    case "+":
    case "#":
    case "%":
      return `$(${written}${operator.symbol}${printParts(operator.text, ")", quote)})`;
    case ":": {
      const length = operator.length === null ? "" : `:${operator.length}`;
      return `$(${written}:${operator.offset}${length})`;
    }
    default: {
      const printed = printParts(operator.pattern, "/)", quote);
      // Without a pattern, `//` would be another operator; so would `/#` and `/%` be.
      if (operator.symbol === "/" && printed === "") return `$(${written}/)`;
      const pattern = operator.symbol === "/" ? printed.replace(/^[#%]/, "\\$&") : printed;
      return `$(${written}${operator.symbol}${pattern}/${printParts(operator.replacement, ")", quote)})`;
    }
  }
}

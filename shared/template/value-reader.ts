import type { Length } from "#contracts/mark-operator.ts";
import type { ExpressionNode, Name } from "./ast.ts";
import type { DiagnosticCode, Findings } from "./diagnostic.ts";
import { excerpt } from "./lexer.ts";
import { didYouMean, nearestName } from "./nearest-name.ts";
import type { Span } from "./position.ts";

/** A value under its name: a setting, or an argument. */
export interface NamedValue {
  readonly name: Name;
  readonly value: ExpressionNode;
}

export interface NumberRange {
  readonly from: number;
  readonly to: number;
  readonly whole?: boolean;
}

/** Limits of a length: parts of a side, and pixels. */
export interface LengthRange {
  readonly parts: NumberRange;
  readonly pixels: NumberRange;
}

export const LENGTH_SIDES = ["short_side", "long_side", "width", "height"] as const;
const SIZE: LengthRange = { parts: { from: 0.001, to: 1 }, pixels: { from: 1, to: 20_000 } };
const DISTANCE: LengthRange = { parts: { from: 0, to: 0.5 }, pixels: { from: 0, to: 20_000 } };
const GAP: LengthRange = { parts: { from: 0, to: 2 }, pixels: { from: 0, to: 20_000 } };
export const LENGTH_RANGES = { size: SIZE, distance: DISTANCE, gap: GAP } as const;

/** Reads plain values of settings and arguments. What does not fit is reported, and its default stands for it. */
export class ValueReader {
  readonly source: string;
  readonly findings: Findings;
  readonly values: ReadonlyMap<string, NamedValue>;

  constructor(source: string, findings: Findings, values: ReadonlyMap<string, NamedValue>) {
    this.source = source;
    this.findings = findings;
    this.values = values;
  }

  report(code: DiagnosticCode, span: Span, message: string, suggestion?: string): void {
    this.findings.report({ code, span, message, suggestion });
  }

  node(name: string): ExpressionNode | undefined {
    const node = this.values.get(name)?.value;
    return node?.kind === "error" ? undefined : node;
  }

  written(node: ExpressionNode): string {
    return excerpt(this.source.slice(node.span.start, node.span.end));
  }

  number(name: string, range: NumberRange, instead: number): number {
    const node = this.node(name);
    if (node === undefined) return instead;
    const value = numberOf(node);
    if (value === undefined) {
      const percent = node.kind === "length" && node.unit === "%" && range.to === 1;
      this.report(
        "value.type",
        node.span,
        `\`${name}\` is a plain number, ${rangeText(range)}${percent ? didYouMean(decimal(node.value / 100)) : "."}`,
        percent ? decimal(node.value / 100) : undefined,
      );
      return instead;
    }
    if (fits(value, range)) return value;
    const meant = nearestFitting(value, range);
    this.report("value.range", node.span, `\`${name}\` is ${rangeText(range)}${didYouMean(meant)}`, meant);
    return instead;
  }

  word<T extends string>(name: string, words: readonly T[], instead: T, what = name): T {
    const node = this.node(name);
    if (node === undefined) return instead;
    const written = this.source.slice(node.span.start, node.span.end);
    if (node.kind === "name" && (words as readonly string[]).includes(node.name)) return node.name as T;
    const near = nearestName(written.replace(/^["']|["']$/g, ""), words);
    this.report(
      "value.unknown",
      node.span,
      `Unknown ${what.replaceAll("_", " ")} \`${excerpt(written)}\`${didYouMean(near) || `. There are ${listOf(words)}.`}`,
      near,
    );
    return instead;
  }

  flag(name: string, instead: boolean): boolean {
    return this.word(name, ["true", "false"], String(instead) as "true" | "false") === "true";
  }

  color(name: string, instead: string): string {
    const node = this.node(name);
    if (node === undefined) return instead;
    if (node.kind === "color") return node.value;
    this.report(
      "value.type",
      node.span,
      `\`${name}\` is a colour like \`#ffffff\`, not \`${this.written(node)}\`.`,
    );
    return instead;
  }

  /** A text without tokens. */
  plainText(name: string): { readonly text: string; readonly span: Span } | undefined {
    const node = this.node(name);
    if (node === undefined) return undefined;
    const text = plainTextOf(node);
    if (text === undefined) {
      const word = node.kind === "name";
      this.report(
        word ? "value.type" : "value.not_constant",
        node.span,
        `\`${name}\` is a plain text in quotes.`,
        word ? `"${node.name}"` : undefined,
      );
      return undefined;
    }
    return { text, span: node.span };
  }

  /** @param bare what a number without a unit means: nothing, or parts of the short side. */
  length(name: string, range: LengthRange, instead: Length, bare: "refused" | "parts" = "refused"): Length {
    const node = this.node(name);
    if (node === undefined) return instead;
    const number = numberOf(node);
    if (number !== undefined && bare === "parts")
      return { value: this.number(name, range.parts, instead.value), unit: "short_side" };
    if (number !== undefined) {
      const meant = number === 0 ? "0%" : number < 1 ? `${decimal(number * 100)}%` : `${decimal(number)}%`;
      this.report(
        "value.type",
        node.span,
        `\`${name}\` needs a unit, \`%\` or \`px\`${didYouMean(meant)}`,
        meant,
      );
      return instead;
    }
    const negative = node.kind === "unary" && node.operator === "-";
    const plain = negative ? node.operand : node;
    if (plain.kind !== "length") {
      this.report(
        "value.type",
        node.span,
        `\`${name}\` is a length like \`4%\`, \`4% of width\` or \`40px\`.`,
      );
      return instead;
    }
    const { unit } = plain;
    const value = (negative ? -1 : 1) * (unit === "px" ? plain.value : round(plain.value / 100));
    const limits = unit === "px" ? range.pixels : range.parts;
    if (fits(value, limits)) return { value, unit: unit === "px" ? "px" : this.#side(plain.side) };
    const [from, to] = unit === "px" ? [limits.from, limits.to] : [limits.from * 100, limits.to * 100];
    const nearest = `${decimal(value < limits.from ? from : to)}${unit}`;
    this.report(
      "value.range",
      node.span,
      `\`${name}\` is ${decimal(from)}${unit} to ${decimal(to)}${unit}${didYouMean(nearest)}`,
      nearest,
    );
    return instead;
  }

  #side(side: Name | null): (typeof LENGTH_SIDES)[number] {
    if (side === null) return "short_side";
    const known = LENGTH_SIDES.find((each) => each === side.text);
    if (known) return known;
    const near = nearestName(side.text, LENGTH_SIDES);
    this.report(
      "value.unknown",
      side.span,
      `Unknown side \`${excerpt(side.text)}\`${didYouMean(near) || `. There are ${listOf(LENGTH_SIDES)}.`}`,
      near,
    );
    return "short_side";
  }

  /** The arguments of a call like `outline(#000000, width=0.04)`, by name. `null`: absent, or `none`. */
  call(name: string, functions: Readonly<Record<string, readonly string[]>>): CallReader | null {
    const node = this.node(name);
    if (node === undefined || (node.kind === "name" && node.name === "none")) return null;
    const [example] = Object.entries(functions).map(
      ([each, parameters]) => `${each}(${parameters.join(", ")})`,
    );
    if (node.kind !== "call") {
      this.report("value.type", node.span, `\`${name}\` is written like \`${example}\`, or \`none\`.`);
      return null;
    }
    return readCall(this, node, functions);
  }
}

/** The arguments of one call. */
export class CallReader extends ValueReader {
  readonly callName: Name;

  constructor(reader: ValueReader, callName: Name, values: ReadonlyMap<string, NamedValue>) {
    super(reader.source, reader.findings, values);
    this.callName = callName;
  }
}

/** Gives the arguments of a call their names: those without one by their order. `null`: no such function. */
export function readCall(
  reader: ValueReader,
  { name, args }: Extract<ExpressionNode, { kind: "call" }>,
  functions: Readonly<Record<string, readonly string[]>>,
): CallReader | null {
  const parameters = Object.hasOwn(functions, name.text) ? functions[name.text] : undefined;
  if (parameters === undefined) {
    const near = nearestName(name.text, Object.keys(functions));
    reader.report(
      "function.unknown",
      name.span,
      `Unknown function \`${excerpt(name.text)}\`${didYouMean(near) || `. There are ${listOf(Object.keys(functions))}.`}`,
      near,
    );
    return null;
  }
  const values = new Map<string, NamedValue>();
  for (const [i, argument] of args.entries()) {
    const parameter = argument.name ? argument.name.text : parameters[i];
    const span = argument.name?.span ?? argument.value.span;
    if (parameter === undefined || !parameters.includes(parameter)) {
      const near = argument.name ? nearestName(argument.name.text, parameters) : undefined;
      reader.report(
        "function.arguments",
        span,
        argument.name
          ? `\`${name.text}\` has no \`${excerpt(argument.name.text)}\`${didYouMean(near) || `. It has ${listOf(parameters)}.`}`
          : `\`${name.text}\` takes ${parameters.length} values at most.`,
        near,
      );
    } else if (values.has(parameter))
      reader.report("setting.duplicate", span, `\`${parameter}\` is given twice.`);
    else values.set(parameter, { name: { text: parameter, span }, value: argument.value });
  }
  return new CallReader(reader, name, values);
}

/** A number that is written as one. */
export function numberOf(node: ExpressionNode): number | undefined {
  if (node.kind === "number") return node.value;
  if (node.kind === "unary" && node.operator === "-" && node.operand.kind === "number")
    return 0 - node.operand.value;
  return undefined;
}

/** A text without tokens. */
export function plainTextOf(node: ExpressionNode): string | undefined {
  if (node.kind !== "text" || node.parts.some(({ kind }) => kind === "token")) return undefined;
  return node.parts.map((part) => (part.kind === "literal" ? part.value : "")).join("");
}

function fits(value: number, { from, to, whole }: NumberRange): boolean {
  return value >= from && value <= to && (!whole || Number.isInteger(value));
}

/** Percentages taken for parts, else the nearest number that is allowed. */
function nearestFitting(value: number, { from, to, whole }: NumberRange): string {
  if (!whole && to === 1 && value > 1 && value <= 100) return decimal(value / 100);
  const within = Math.min(to, Math.max(from, value));
  return decimal(whole ? Math.round(within) : within);
}

function rangeText({ from, to, whole }: NumberRange): string {
  return `${decimal(from)} to ${decimal(to)}${whole ? ", a whole number" : ""}`;
}

/** Takes away what binary fractions add: 12 / 100 × 100. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}

function decimal(value: number): string {
  return String(round(value));
}

export function listOf(words: readonly string[]): string {
  const quoted = words.map((word) => `\`${word}\``);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1)}`;
}

import type { ExpressionNode } from "#template/ast.ts";
import type { Span } from "#template/position.ts";
import {
  type Control,
  type EditableLayer,
  rounded,
  type ShownLength,
  settingName,
  writtenValue,
} from "./layer-values.ts";

/** Puts `insert` in the place of a stretch of the text. */
export interface TextEdit extends Span {
  readonly insert: string;
}

export type ControlChange =
  | { readonly control: "text" | "font" | "anchor" | "color"; readonly value: string }
  | { readonly control: "opacity" | "rotation"; readonly value: number }
  | { readonly control: "size" | "margin"; readonly value: ShownLength };

/**
 * The one edit that gives a layer another value: only that value changes, and what is around it stays, comments
 * included. `null`: what is written there only the text can change. Pure.
 */
export function controlEdit(source: string, layer: EditableLayer, change: ControlChange): TextEdit | null {
  const { control } = change;
  const node = writtenValue(layer, control);
  if (control === "text") return textEdit(source, node, change.value);
  if (node === null) return insertion(source, layer, control, valueText(layer, change));
  if (control === "size" || control === "margin") return lengthEdit(layer, node, change.value);
  return { ...node.span, insert: valueText(layer, change) };
}

function textEdit(source: string, node: ExpressionNode | null, value: string): TextEdit | null {
  if (node?.kind !== "text") return null;
  const quote = source[node.span.start]!;
  // A quote would end the text, and a backslash at its end would keep it from ending.
  const escaped = value
    .replace(/[\r\n]+/g, " ")
    .replace(/\\[\s\S]|["']/g, (each) => (each === quote ? `\\${each}` : each));
  const open = /(?:^|[^\\])(?:\\\\)*\\$/.test(escaped);
  return { start: node.span.start + 1, end: node.span.end - 1, insert: open ? `${escaped}\\` : escaped };
}

function lengthEdit(layer: EditableLayer, node: ExpressionNode, value: ShownLength): TextEdit | null {
  const { start } = node.span;
  if (node.kind === "length" && node.unit === value.unit)
    return { start, end: start + node.digits.length, insert: String(rounded(value.amount)) };
  if (node.kind !== "length" && node.kind !== "number") return null;
  return { ...node.span, insert: lengthText(layer, value) };
}

function lengthText({ style }: EditableLayer, { amount, unit, side }: ShownLength): string {
  if (style === "location" && unit === "%" && side === "short_side") return String(rounded(amount / 100));
  const of = unit === "%" && side !== "short_side" ? ` of ${side}` : "";
  return `${rounded(amount)}${unit}${of}`;
}

function valueText(layer: EditableLayer, change: ControlChange): string {
  switch (change.control) {
    case "size":
    case "margin":
      return lengthText(layer, change.value);
    case "opacity":
    case "rotation":
      return String(rounded(change.value));
    case "font":
      return `"${change.value.replace(/["\\]/g, "")}"`;
    default:
      return change.value;
  }
}

/** A value that was not written yet, as one more setting or argument. */
function insertion(source: string, layer: EditableLayer, control: Control, value: string): TextEdit {
  const name = settingName(layer, control);
  const at = (offset: number, insert: string): TextEdit => ({ start: offset, end: offset, insert });
  if (layer.style === "location") {
    const last = layer.node.args.at(-1);
    if (last) return at(last.value.span.end, `, ${name}=${value}`);
    return at(layer.node.span.end - 1, `${name}=${value}`);
  }
  const { body, value: content, span } = layer.node;
  if (body === null) {
    const indent = indentOf(source, span.start);
    return at(content.span.end, ` {\n${indent}  ${name} = ${value}\n${indent}}`);
  }
  const last = body.items.at(-1);
  if (!last)
    return at(body.span.start + 1, ` ${name} = ${value}${source[body.span.start + 1] === "}" ? " " : ""}`);
  const end = last.trailing?.span.end ?? last.span.end;
  const isOneLine = !source.slice(body.span.start, last.span.start).includes("\n") && last.trailing === null;
  return at(
    end,
    isOneLine ? `  ${name} = ${value}` : `\n${indentOf(source, last.span.start)}${name} = ${value}`,
  );
}

/** The white space that a line begins with. */
function indentOf(source: string, offset: number): string {
  const start = source.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(source.slice(start, offset))?.[0] ?? "";
}

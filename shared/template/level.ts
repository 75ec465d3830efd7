import { type Expression, MARK_LEVELS, type MarkOperator } from "#contracts/mark-operator.ts";
import type { Span } from "./position.ts";
import type { ValueReader } from "./value-reader.ts";
import type { VariableGroup } from "./variables.ts";

export interface Payload {
  readonly expression: Expression | null;
  /** Of the variables in it. */
  readonly groups: ReadonlySet<VariableGroup>;
  readonly span: Span | null;
}

/** The level of a mark (spec.md S12). Where it is not said it follows from the payload: what changes with the clock is
 *  dynamic, what names a receiver, a device or a batch is a trace. */
export function readLevel(reader: ValueReader, { expression, groups, span }: Payload): MarkOperator["level"] {
  const natural = groups.has("clock") ? "dynamic" : groups.has("user") ? "trace" : "copyright";
  const node = reader.node("level");
  const level = reader.word("level", MARK_LEVELS, natural);
  if (!node) return level;
  if (level !== "copyright" && expression === null)
    reader.report(
      "template.level",
      node.span,
      `A mark of level \`${level}\` carries a \`payload\`, and the template has none.`,
    );
  else if (level === "dynamic" && natural !== "dynamic")
    reader.findings.report({
      code: "template.level",
      severity: "warning",
      span: span ?? node.span,
      message:
        "A dynamic mark changes with each copy; this payload has neither time, address nor `entropy` in it.",
    });
  else if (level === "copyright" && natural === "dynamic")
    reader.findings.report({
      code: "template.level",
      severity: "warning",
      span: node.span,
      message: "The payload changes with each copy; the level that says so is `dynamic`.",
      suggestion: "dynamic",
    });
  return level;
}

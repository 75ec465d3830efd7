import type { MarkOperator } from "#contracts/mark-operator.ts";
import type { ExpressionNode } from "./ast.ts";
import { type NumberRange, readCall, type ValueReader } from "./value-reader.ts";

/** What a mark is to survive (spec.md S12): each step's parameters and their ranges. */
const STEPS: Readonly<Record<string, Readonly<Record<string, NumberRange & { readonly instead: number }>>>> =
  {
    /** Of a film, every so manieth frame. */
    frame_interval: { frames: { from: 1, to: 100_000, whole: true, instead: 1 } },
    /** Strength in the luminance. */
    noise_resilient: { luma_alpha: { from: 0, to: 1, instead: 0.35 } },
  };
const PARAMETERS = Object.fromEntries(Object.entries(STEPS).map(([name, each]) => [name, Object.keys(each)]));

/** The steps of `persistence = "frame_interval(3) + noise_resilient(luma_alpha=0.35)"`. */
export function readPersistence(reader: ValueReader): MarkOperator["persistence"] {
  const setting = reader.node("persistence");
  const node = setting?.kind === "quoted" ? setting.content : setting;
  return node ? stepsOf(node).flatMap((step) => readStep(reader, step)) : [];
}

function stepsOf(node: ExpressionNode): readonly ExpressionNode[] {
  const steps: ExpressionNode[] = [];
  let rest = node;
  while (rest.kind === "binary" && rest.operator === "+") {
    steps.unshift(rest.right);
    rest = rest.left;
  }
  return [rest, ...steps];
}

function readStep(reader: ValueReader, node: ExpressionNode): MarkOperator["persistence"] {
  if (node.kind === "error") return [];
  if (node.kind !== "call") {
    reader.report(
      "value.type",
      node.span,
      '`persistence` is written like `"frame_interval(3) + noise_resilient(luma_alpha=0.35)"`.',
    );
    return [];
  }
  const call = readCall(reader, node, PARAMETERS);
  if (call === null) return [];
  const name = call.callName.text;
  const args = Object.entries(STEPS[name]!).map(
    ([parameter, range]) => [parameter, call.number(parameter, range, range.instead)] as const,
  );
  return [{ name, args: Object.fromEntries(args) }];
}

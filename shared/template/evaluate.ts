import type { Expression } from "#contracts/mark-operator.ts";
import { type FunctionEntry, functionOf, textOf, type Value, type ValueType } from "./functions.ts";
import { cutText } from "./text-operations.ts";
import { variableOf } from "./variables.ts";

/** What an expression is worked out with. */
export interface Evaluation {
  /** The value of a variable by its own name; `undefined`: there is none. */
  readonly valueOf: (name: string) => string | number | undefined;
  /** Called for each variable that is missing and has no default. */
  readonly onMissing: (name: string) => void;
  /** Called for what cannot be worked out; a sentence. */
  readonly onProblem: (message: string) => void;
}

/** Functions that ask whether their first value is there. */
const ASKING = new Set(["default", "if_set", "is_set"]);

/** Works an expression out. What is missing is an empty text, or no number: then comparisons are false. Never throws;
 *  texts stay below {@link LONGEST_TEXT}. Pure but for the calls. */
export function evaluate(expression: Expression, evaluation: Evaluation): Value {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "variable":
      return variable(expression.name, evaluation, evaluation.onMissing);
    case "text":
      return cutText(expression.parts.map((part) => writtenOf(evaluate(part, evaluation))).join(""));
    case "not":
      return evaluate(expression.operand, evaluation) !== true;
    case "call":
      return call(expression, evaluation);
    case "binary":
      return binary(expression, evaluation);
  }
}

/** A value in a text: no number is nothing. Pure. */
export function writtenOf(value: Value): string {
  return typeof value === "number" && !Number.isFinite(value) ? "" : textOf(value);
}

function variable(name: string, evaluation: Evaluation, onMissing: (name: string) => void): Value {
  const entry = variableOf(name);
  const value = evaluation.valueOf(entry?.name ?? name);
  if (value === undefined || value === "") {
    onMissing(name);
    return entry?.type === "number" ? Number.NaN : "";
  }
  if (entry?.type !== "number") return cutText(String(value));
  const number = Number(value);
  if (!Number.isFinite(number))
    evaluation.onProblem(`\`${name}\` is no number: “${String(value).slice(0, 40)}”.`);
  return number;
}

function call({ name, args }: Extract<Expression, { kind: "call" }>, evaluation: Evaluation): Value {
  const entry = functionOf(name);
  if (entry === undefined || args.length < entry.required || args.length > entry.parameters.length) {
    evaluation.onProblem(`This program has no function \`${name}\` with ${args.length} values.`);
    return "";
  }
  const asking = ASKING.has(name) ? { ...evaluation, onMissing: () => {} } : evaluation;
  const values = args.map((argument, i) =>
    converted(evaluate(argument, i === 0 ? asking : evaluation), entry.parameters[i]!.type),
  );
  const result = (entry.apply as unknown as (...values: readonly Value[]) => Value)(...values);
  return typeof result === "string" ? cutText(result) : checked(result, values, entry, evaluation);
}

function checked(
  result: Value,
  values: readonly Value[],
  { name }: FunctionEntry,
  evaluation: Evaluation,
): Value {
  if (Number.isNaN(result) && !values.some((value) => Number.isNaN(value) || value === ""))
    evaluation.onProblem(
      `\`${name}\` finds no number in “${values.map(writtenOf).join(", ").slice(0, 40)}”.`,
    );
  return result;
}

function converted(value: Value, type: ValueType): Value {
  if (type === "text") return writtenOf(value);
  if (type === "number") return typeof value === "number" ? value : Number.NaN;
  return type === "boolean" ? value === true : value;
}

function binary(node: Extract<Expression, { kind: "binary" }>, evaluation: Evaluation): Value {
  const left = evaluate(node.left, evaluation);
  if (node.operator === "and") return left === true && evaluate(node.right, evaluation) === true;
  if (node.operator === "or") return left === true || evaluate(node.right, evaluation) === true;
  const right = evaluate(node.right, evaluation);
  switch (node.operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
  if (node.operator === "+" && (typeof left !== "number" || typeof right !== "number"))
    return cutText(writtenOf(left) + writtenOf(right));
  const result = arithmetic(node.operator, Number(left), Number(right));
  if (!Number.isFinite(result) && Number.isFinite(left) && Number.isFinite(right))
    evaluation.onProblem(`\`${left} ${node.operator} ${right}\` is no number.`);
  return Number.isFinite(result) ? result : Number.NaN;
}

function arithmetic(operator: "+" | "-" | "*" | "/" | "%", left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
  }
}

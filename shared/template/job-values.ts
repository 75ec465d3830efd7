import { JOB_VALUES, type JobValueName, type JobValues } from "#contracts/mark.ts";
import type { MarkOperator } from "#contracts/mark-operator.ts";
import { variablesOf } from "./resolve.ts";
import { variableOf } from "./variables.ts";

/** Of {@link JOB_VALUES}, those that a template asks for, in their order. Pure. */
export function jobValuesAsked(operator: MarkOperator): readonly JobValueName[] {
  const asked = new Set<string | undefined>(variablesOf(operator).map((name) => variableOf(name)?.name));
  return JOB_VALUES.filter((name) => asked.has(name));
}

/** Those of the values that a template asks for: others would make a mark another one that looks the same.
 *  `undefined`: none. Pure. */
export function valuesAskedFor(operator: MarkOperator, values: JobValues): JobValues | undefined {
  const asked = jobValuesAsked(operator).filter((name) => values[name] !== undefined);
  return asked.length === 0 ? undefined : Object.fromEntries(asked.map((name) => [name, values[name]]));
}

/** Whether a template asks for the picture's place in its job. Pure. */
export function asksSequence(operator: MarkOperator): boolean {
  return variablesOf(operator).includes("SEQUENCE");
}

import type { MarkOperator } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";

/** Marks that are recovered from leaked copies, or differ with each copy, are read and checked, and cannot be made yet.
 *  @throws AppError `invalid_argument` for those. */
export function assertLevelSupported({ name, level }: Pick<MarkOperator, "name" | "level">): void {
  if (level === "copyright") return;
  throw new AppError(
    "invalid_argument",
    `The template “${name}” is of the level ${level}, and only copyright marks can be made yet. Set level = copyright.`,
    { details: { field: "operator" } },
  );
}

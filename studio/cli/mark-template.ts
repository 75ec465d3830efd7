import type { MarkOperator } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { assertLevelSupported } from "#template/supported-level.ts";
import type { CommandContext } from "./command-context.ts";
import { readAndCompile } from "./compiled-template.ts";
import { MARK_FLAGS } from "./setting-flags.ts";
import { sayAll } from "./template-command.ts";

/** The template that `--template` names, compiled; "bad": what is wrong with it has been said.
 *  @throws AppError `config.invalid` when a text mark is asked for as well, `invalid_argument` for a level that cannot
 *  be made, `file.unreadable`. */
export async function markTemplate(
  flags: Readonly<Record<string, unknown>>,
  context: CommandContext,
): Promise<MarkOperator | undefined | "bad"> {
  if (flags.template === undefined) return undefined;
  const other = MARK_FLAGS.find(([name]) => flags[name] !== undefined);
  if (other)
    throw new AppError(
      "config.invalid",
      `Either --template or --${other[0]}: a template has its own texts and places.`,
      { details: { setting: "--template" } },
    );
  const file = String(flags.template);
  const { source, operator, diagnostics } = await readAndCompile(file, context);
  sayAll(file, source, diagnostics, context);
  if (!operator) return "bad";
  assertLevelSupported(operator);
  return operator;
}

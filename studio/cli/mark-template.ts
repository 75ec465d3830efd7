import { JOB_VALUES, type JobValues, jobValuesSchema } from "#contracts/mark.ts";
import type { MarkOperator } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { jobValuesAsked } from "#template/job-values.ts";
import { didYouMean, nearestName } from "#template/nearest-name.ts";
import { assertLevelSupported } from "#template/supported-level.ts";
import type { CommandContext } from "./command-context.ts";
import { readAndCompile } from "./compiled-template.ts";
import { MARK_FLAGS } from "./setting-flags.ts";
import { sayAll } from "./template-command.ts";

export interface MarkTemplate {
  readonly operator: MarkOperator;
  /** What is said of the job. */
  readonly values: JobValues;
}

/** The template that `--template` names, compiled, with what `--set` says; "bad": what is wrong with it has been said.
 *  What it asks for in vain is said, too.
 *  @throws AppError `config.invalid` when a text mark is asked for as well and for a value that nobody may set,
 *  `invalid_argument` for a level that cannot be made, `file.unreadable`. */
export async function markTemplate(
  flags: Readonly<Record<string, unknown>>,
  context: CommandContext,
): Promise<MarkTemplate | undefined | "bad"> {
  const values = valuesOf(flags);
  if (flags.template === undefined) {
    if (flags.set !== undefined) throw wrong("--set goes with --template: a plain text asks for nothing.");
    return undefined;
  }
  const other = MARK_FLAGS.find(([name]) => flags[name] !== undefined);
  if (other) throw wrong(`Either --template or --${other[0]}: a template has its own texts and places.`);
  const file = String(flags.template);
  const { source, operator, diagnostics } = await readAndCompile(file, context);
  sayAll(file, source, diagnostics, context);
  if (!operator) return "bad";
  assertLevelSupported(operator);
  const asked = jobValuesAsked(operator);
  for (const name of asked.filter((each) => !(each in values)))
    context.output.notice(`The template asks for ${name}: --set ${name}=…`);
  for (const name of JOB_VALUES.filter((each) => each in values && !asked.includes(each)))
    context.output.notice(`The template does not ask for ${name}.`);
  return { operator, values };
}

function valuesOf({ set }: Readonly<Record<string, unknown>>): JobValues {
  const values = new Map<string, string>();
  for (const text of (set ?? []) as readonly string[]) {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw wrong(`--set has the form NAME=VALUE, not “${text}”.`);
    if (!(JOB_VALUES as readonly string[]).includes(name)) {
      const meant = didYouMean(nearestName(name, JOB_VALUES));
      throw wrong(`\`${name}\` cannot be set${meant || `. These can: ${JOB_VALUES.join(", ")}.`}`);
    }
    values.set(name, value);
  }
  if (values.size === 0) return {};
  const parsed = jobValuesSchema.safeParse(Object.fromEntries(values));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw wrong(`--set ${issue.path.join(".")} is wrong: ${issue.message}.`);
}

function wrong(message: string): AppError {
  return new AppError("config.invalid", message, { details: { setting: "--template" } });
}

import { realpath, stat } from "node:fs/promises";
import type { Command } from "commander";
import { AppError } from "#kernel/errors.ts";
import type { Diagnostic } from "#template/diagnostic.ts";
import { formatTemplate } from "#template/format.ts";
import { templateVersion } from "#template/template-version.ts";
import { replaceWhole } from "../mark-files/write-file.ts";
import type { CommandContext } from "./command-context.ts";
import { readAndCompile, sourceOf } from "./compiled-template.ts";
import { diagnosticText } from "./diagnostic-text.ts";
import { EXIT } from "./exit-codes.ts";
import { printable } from "./format.ts";
import { templateFiles } from "./template-files.ts";

/** `platemark template check | format | show` (docs/guides/templates.md). */
export function addTemplateCommand(program: Command, context: CommandContext): void {
  const template = program.command("template").description("check, format and show watermark templates");
  template
    .command("check")
    .description("say what is wrong with templates, and where")
    .argument("<path...>", "templates, or folders of them")
    .option("--json", "one JSON object a line")
    .addHelpText("after", "\nExample:\n  platemark template check resources/templates\n")
    .action((paths: string[], flags: { readonly json?: true }) => check(paths, flags, context));
  template
    .command("format")
    .description(
      "write templates in their canonical form; comments stay, Photo Mechanic's variables become tokens",
    )
    .argument("<path...>", "templates, or folders of them")
    .option("--write", "into the files; else the text is printed")
    .option("--check", "only say which are not in that form, and end with code 1 then")
    .addHelpText("after", "\nExample:\n  platemark template format corner.platemark --write\n")
    .action((paths: string[], flags: FormatFlags) => format(paths, flags, context));
  template
    .command("show")
    .description("print what a template compiles to, and its version")
    .argument("<file>", "the template")
    .addHelpText("after", "\nExample:\n  platemark template show corner.platemark\n")
    .action((file: string) => show(file, context));
}

async function check(
  paths: readonly string[],
  { json }: { readonly json?: true },
  context: CommandContext,
): Promise<void> {
  const { output } = context;
  let bad = 0;
  for (const file of await templateFiles(paths)) {
    const { source, operator, diagnostics } = await readAndCompile(file, context);
    const version = operator && templateVersion(operator);
    if (operator === null) bad++;
    if (json)
      output.line(
        JSON.stringify({ event: "template", file, name: operator?.name ?? null, version, diagnostics }),
      );
    else {
      for (const diagnostic of diagnostics)
        output.line(diagnosticText(file, source, diagnostic, output.isTerminal));
      if (operator)
        output.line(
          `${printable(file)}: “${printable(operator.name)}” has no errors (version ${version!.slice(0, 12)}).`,
        );
    }
  }
  context.end(bad > 0 ? EXIT.badTemplates : EXIT.done);
}

interface FormatFlags {
  readonly write?: true;
  readonly check?: true;
}

async function format(paths: readonly string[], flags: FormatFlags, context: CommandContext): Promise<void> {
  if (flags.write && flags.check)
    throw new AppError("invalid_argument", "Either --write the files, or --check them.");
  const { output } = context;
  let bad = 0;
  for (const file of await templateFiles(paths)) {
    const source = await sourceOf(file);
    const { text, diagnostics } = formatTemplate(source);
    sayAll(file, source, diagnostics, context);
    if (text === null) bad++;
    else if (flags.check) {
      if (text === source) continue;
      bad++;
      output.line(`${printable(file)} is not in the canonical form.`);
    } else if (!flags.write) output.line(text.trimEnd());
    else if (text !== source) {
      await replaceFile(file, text);
      output.line(`${printable(file)} is formatted.`);
    }
  }
  context.end(bad > 0 ? EXIT.badTemplates : EXIT.done);
}

/** Beside the file, then renamed into its place: whoever watches the folder never sees half of it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const file = await realpath(path);
  try {
    const { mode } = await stat(file);
    await replaceWhole(file, text, mode);
  } catch (error) {
    throw new AppError(
      "file.unreadable",
      `${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
      { cause: error },
    );
  }
}

async function show(file: string, context: CommandContext): Promise<void> {
  const { output } = context;
  const { source, operator, diagnostics } = await readAndCompile(file, context);
  sayAll(file, source, diagnostics, context);
  if (operator) output.line(JSON.stringify({ version: templateVersion(operator), operator }, null, 2));
  context.end(operator ? EXIT.done : EXIT.badTemplates);
}

/** Tells all diagnostics of one file, beside the output proper. */
export function sayAll(
  file: string,
  source: string,
  diagnostics: readonly Diagnostic[],
  { output }: CommandContext,
): void {
  for (const diagnostic of diagnostics)
    output.notice(diagnosticText(file, source, diagnostic, output.isTerminal));
}

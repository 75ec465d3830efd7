import { Command, CommanderError } from "commander";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import { PROGRAM_VERSION } from "../program-version.ts";
import type { CommandContext } from "./command-context.ts";
import { addEnvoyCommand } from "./envoy-command.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { addImportCommand } from "./import-command.ts";
import { addMarkCommand } from "./mark-command.ts";
import { nextStep } from "./next-step.ts";
import { createOutput, type Output } from "./output.ts";
import { addProofCommand } from "./proof-command.ts";
import { addRollbackCommand } from "./rollback-command.ts";
import { addServeCommand } from "./serve-command.ts";
import { listenForEnd } from "./signals.ts";
import { addSnapshotsCommand } from "./snapshots-command.ts";
import { addStoreCommand } from "./store-command.ts";
import { addStudioCommand } from "./studio-command.ts";
import { addTemplateCommand } from "./template-command.ts";
import { addTokenCommand } from "./token-command.ts";
import { addVerifyCommand } from "./verify-command.ts";
import { addWorkerCommand } from "./worker-command.ts";
import { addXdsCommand } from "./xds-command.ts";

/** Errors that mean that the command was put wrongly. */
const USAGE: ReadonlySet<ErrorCode> = new Set(["invalid_argument", "not_found", "config.invalid"]);

/** Runs the command line, and ends the process with its exit code (docs/guides/settings.md). */
export async function main(argv: readonly string[]): Promise<void> {
  await runProgram(async (context) => {
    const program = new Command("platemark")
      .description("From a folder of photographs to marked pictures in your own store.")
      .version(PROGRAM_VERSION)
      .configureHelp({ showGlobalOptions: false })
      .addHelpText("after", "\nExample:\n  platemark import ./shoot\n\nSettings: docs/guides/settings.md");
    addImportCommand(program, context);
    addMarkCommand(program, context);
    addStudioCommand(program, context);
    addServeCommand(program, context);
    addWorkerCommand(program, context);
    addStoreCommand(program, context);
    addTemplateCommand(program, context);
    addTokenCommand(program, context);
    addSnapshotsCommand(program, context);
    addRollbackCommand(program, context);
    addVerifyCommand(program, context);
    addProofCommand(program, context);
    addEnvoyCommand(program, context);
    addXdsCommand(program, context);
    for (const command of [
      program,
      ...program.commands,
      ...program.commands.flatMap(({ commands }) => commands),
    ])
      command.exitOverride().configureOutput({
        writeOut: (text) => context.output.line(text.trimEnd()),
        writeErr: (text) => context.output.notice(text.trimEnd()),
      });
    await program.parseAsync([...argv], { from: "user" });
  });
}

/** Runs a program of the command line: signals, errors in words, exit code. Never returns to the caller's work. */
export async function runProgram(run: (context: CommandContext) => Promise<void>): Promise<void> {
  using ending = listenForEnd();
  const output = createOutput(process.stdout, process.stderr, () => ending.end(EXIT.brokenPipe));
  let code: ExitCode = EXIT.done;
  const context: CommandContext = {
    output,
    signal: ending.signal,
    end: (ended) => {
      code = ended;
    },
  };
  try {
    await run(context);
  } catch (error) {
    const stopped = ending.signal.aborted && AppError.from(error).code === "aborted";
    code = stopped ? EXIT.interrupted : explain(error, output);
  }
  const exitCode = code === EXIT.interrupted ? (ending.code ?? code) : code;
  process.stdout.write("", () => process.exit(exitCode));
}

function explain(error: unknown, output: Output): ExitCode {
  output.status("");
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const failure = AppError.from(error);
  output.notice(failure.message);
  const next = nextStep(failure.code);
  if (next) output.notice(next);
  return USAGE.has(failure.code) ? EXIT.usage : EXIT.environment;
}

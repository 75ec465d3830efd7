import { stat } from "node:fs/promises";
import type { Command } from "commander";
import type { Settings } from "#contracts/settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { OpenedStudio } from "../embedded.ts";
import { type PinnedTemplate, pinnedTemplate } from "../templates/templates.ts";
import { type CommandContext, childrenOf, loggerOf } from "./command-context.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { humanReport, type ImportReport, jsonReport } from "./import-report.ts";
import { markTemplate } from "./mark-template.ts";
import { runImport } from "./run-import.ts";
import { addMarkFlags, addSettingFlags, settingsOf } from "./setting-flags.ts";

export function addImportCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("import")
    .description("mark every picture in folders, and put originals and marked ones into the store")
    .argument("<dir...>", "folders with pictures")
    .option("--json", "one JSON object a line")
    .option("--no-wait", "end with code 3 when another Platemark is at work in the home folder")
    .addHelpText(
      "after",
      '\nExample:\n  platemark import ./shoot --text "© Studio Kern" --position bottom_right\n',
    );
  addSettingFlags(addMarkFlags(command)).action(async (folders: string[], flags: Record<string, unknown>) => {
    const settings = settingsOf(flags);
    const chosen = await markTemplate(flags, context);
    if (chosen === "bad") return context.end(EXIT.usage);
    const template = chosen && pinnedTemplate(chosen.operator, chosen.values);
    await checkFolders(folders);
    const report = flags.json ? jsonReport(context.output) : humanReport(context.output, systemClock.now);
    context.end(
      await importFolders(
        { settings, template, wait: flags.wait !== false, report, context },
        async () => folders,
      ),
    );
  });
}

/** Opens the studio, imports what `folders` names, and closes it. */
export async function importFolders(
  {
    settings,
    template,
    wait,
    report,
    context,
  }: {
    readonly settings: Settings;
    /** Instead of the settings' mark. */
    readonly template?: PinnedTemplate | undefined;
    readonly wait: boolean;
    readonly report: ImportReport;
    readonly context: CommandContext;
  },
  folders: (opened: OpenedStudio) => Promise<readonly string[]>,
): Promise<ExitCode> {
  const { output, signal } = context;
  const { openStudio } = await import("../embedded.ts");
  try {
    await using opened = await openStudio({
      settings,
      logger: await loggerOf(settings),
      spawnChild: await childrenOf(settings),
      takeUp: false,
      waitForWorkers: false,
      waitForHome: wait,
      onHomeWait: (pid) =>
        output.notice(`Another Platemark (process ${pid ?? "unknown"}) is at work here; waiting for it…`),
      onTrouble: (error) => report.waiting(error),
      signal,
    });
    // Reading and sending begin while the worker still starts; one that cannot start ends it all.
    const noWorker = new AbortController();
    opened.workersReady.catch((error: unknown) => noWorker.abort(AppError.from(error)));
    const code = await runImport(
      {
        studio: opened.studio,
        begin: template ?? { mark: settings.mark },
        report,
        clock: systemClock,
        signal: AbortSignal.any([signal, noWorker.signal]),
      },
      await folders(opened),
    );
    if (noWorker.signal.aborted && !signal.aborted) throw noWorker.signal.reason;
    if (code === EXIT.interrupted) output.notice("Nothing is lost. Run the same command again to go on.");
    return code;
  } catch (error) {
    if (signal.aborted && AppError.from(error).code === "aborted") return EXIT.interrupted;
    throw error;
  }
}

async function checkFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const facts = await stat(folder).catch(() => undefined);
    if (!facts) throw new AppError("not_found", `There is no folder “${folder}”.`);
    if (!facts.isDirectory())
      throw new AppError("invalid_argument", `“${folder}” is a file. Name the folder that it is in.`);
  }
}

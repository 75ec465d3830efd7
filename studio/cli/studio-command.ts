import type { Command } from "commander";
import { type CommandContext, childrenOf, loggerOf } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { parsePort } from "./serve-command.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";

export function addStudioCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("studio")
    .description("open the window in the browser of this computer")
    .option("--port <port>", "of this computer; 0: any free one", parsePort, 0)
    .option("--no-open", "only show the link")
    .addHelpText("after", "\nExample:\n  platemark studio\n");
  addSettingFlags(command).action(async (flags: Record<string, unknown>) => {
    const settings = settingsOf(flags);
    const { runDaemon } = await import("../daemon/main.ts");
    await runDaemon({
      settings,
      logger: await loggerOf(settings),
      spawnChild: await childrenOf(settings),
      port: Number(flags.port),
      openBrowser: flags.open !== false,
      signal: context.signal,
      onStarted: ({ link }: { readonly link: string }) =>
        context.output.line(`Open this link once, on this computer: ${link}\nCtrl-C ends it.`),
    });
    context.end(EXIT.done);
  });
}

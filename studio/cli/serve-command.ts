import { type Command, InvalidArgumentError } from "commander";
import { PROGRAM_VERSION } from "../program-version.ts";
import { type CommandContext, loggerOf } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";

export function addServeCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("serve")
    .description("run the control plane and workers for other computers")
    .option("--port <port>", "to listen on", parsePort, 4410)
    .option("--host <address>", "to listen on", "127.0.0.1")
    .option("--workers <count>", "worker processes here; 0: they run elsewhere", parseCount, 1)
    .option("--origin <origin...>", "pages that may call: https://shop.example, https://*.shop.example")
    .addHelpText(
      "after",
      "\nExample:\n  PLATEMARK_TOKEN_SECRET=… platemark serve --s3-url http://127.0.0.1:9000 --port 4410\n",
    );
  addSettingFlags(command).action(async (flags: Record<string, unknown>) => {
    const settings = settingsOf(flags);
    const { serve } = await import("../../server/serve.ts");
    await serve({
      settings,
      port: Number(flags.port),
      host: String(flags.host),
      workers: Number(flags.workers),
      origins: (flags.origin as readonly string[] | undefined) ?? [],
      version: PROGRAM_VERSION,
      logger: await loggerOf(settings),
      signal: context.signal,
      onStarted: ({ url }) => context.output.line(`Platemark serves at ${url}. Ctrl-C ends it.`),
    });
    context.end(EXIT.done);
  });
}

/** @throws InvalidArgumentError for anything but 0 to 65535. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (text.trim() === "" || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("A port is a whole number from 0 to 65535.");
  return port;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (text.trim() === "" || !Number.isInteger(count) || count < 0 || count > 64)
    throw new InvalidArgumentError("It is a whole number from 0 to 64.");
  return count;
}

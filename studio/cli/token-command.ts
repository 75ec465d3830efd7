import type { Command } from "commander";
import { AppError } from "#kernel/errors.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";

export function addTokenCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("token")
    .description("make an upload token for a server (it lives for 15 minutes at most)")
    .option("--ttl <seconds>", "how long it lives", "900")
    .option("--max-size <bytes>", "largest picture it allows")
    .addHelpText("after", "\nExample:\n  PLATEMARK_TOKEN_SECRET=… platemark token --user kern --ttl 300\n");
  addSettingFlags(command).action(async (flags: Record<string, unknown>) => {
    const settings = settingsOf(flags);
    if (settings.tokenSecret === undefined)
      throw new AppError("config.invalid", "Set PLATEMARK_TOKEN_SECRET to the secret of the server.");
    const { mintToken } = await import("../../server/edge/tokens.ts");
    const token = await mintToken({
      secret: settings.tokenSecret,
      user: settings.user,
      bucket: settings.s3Bucket,
      ttlSeconds: Number(flags.ttl),
      ...(flags.maxSize === undefined ? {} : { maxSize: Number(flags.maxSize) }),
      now: Date.now(),
    });
    context.output.line(token);
    context.end(EXIT.done);
  });
}

import type { Command } from "commander";
import { AppError } from "#kernel/errors.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";

/** What a token for one use is for, where nobody says otherwise: one picture, announced once and completed once. */
const ONCE_SCOPES = ["uploads.write"];

export function addTokenCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("token")
    .description("make an upload token for a server (it lives for 15 minutes at most)")
    .option("--ttl <seconds>", "how long it lives", "900")
    .option("--max-size <bytes>", "largest picture it allows")
    .option("--scope <scope...>", "what it allows (default: all that a user may do)")
    .option("--once", "each method may be called once with it (default scope: uploads.write)")
    .addHelpText(
      "after",
      "\nExamples:\n  PLATEMARK_TOKEN_SECRET=… platemark token --user kern --ttl 300\n  PLATEMARK_TOKEN_SECRET=… platemark token --user kern --once --max-size 20000000\n",
    );
  addSettingFlags(command).action(async (flags: Record<string, unknown>) => {
    const settings = settingsOf(flags);
    if (settings.tokenSecret === undefined)
      throw new AppError("config.invalid", "Set PLATEMARK_TOKEN_SECRET to the secret of the server.");
    const { mintToken } = await import("../../server/edge/tokens/mint-token.ts");
    const once = flags.once === true;
    const scopes = (flags.scope as readonly string[] | undefined) ?? (once ? ONCE_SCOPES : undefined);
    const token = await mintToken({
      secret: settings.tokenSecret,
      user: settings.user,
      bucket: settings.s3Bucket,
      ttlSeconds: Number(flags.ttl),
      ...(flags.maxSize === undefined ? {} : { maxSize: Number(flags.maxSize) }),
      ...(scopes && { scopes }),
      once,
      audience: settings.tokenAudience,
      ...(settings.tokenIssuer !== undefined && { issuer: settings.tokenIssuer }),
      now: Date.now(),
    });
    context.output.line(token);
    context.end(EXIT.done);
  });
}

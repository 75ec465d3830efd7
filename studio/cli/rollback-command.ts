import type { Command } from "commander";
import { type ControlPlaneClient, fromConnectError } from "#contracts/client.ts";
import type { Media } from "#gen/media_pb.ts";
import { AppError } from "#kernel/errors.ts";
import { type CommandContext, loggerOf } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { namedPicture } from "./named-picture.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";

/** The store copies the picture within itself, by way of the server. Milliseconds. */
const CALL_TIMEOUT_MS = 120_000;
/** What one picture can have against it; anything else ends the command. */
const OF_THE_PICTURE: ReadonlySet<string> = new Set([
  "not_found",
  "conflict",
  "file.changed",
  "file.vanished",
  "file.unreadable",
  "upload.checksum_mismatch",
]);

export function addRollbackCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("rollback")
    .description("show again what published pictures were before")
    .argument("<picture...>", "object keys (raw/…, watermarked/…) or files that were imported")
    .option("--to <snapshot>", "which one, as `snapshots` lists them; without: the latest")
    .option("--json", "one JSON object a line")
    .addHelpText("after", "\nExample:\n  platemark rollback ./shoot/0001.jpg\n");
  addSettingFlags(command).action(async (pictures: string[], flags: Record<string, unknown>) => {
    const { output, signal } = context;
    const to = flags.to === undefined ? "" : String(flags.to);
    if (to !== "" && pictures.length > 1)
      throw new AppError("invalid_argument", "A snapshot is of one picture: name one picture with --to.");
    const settings = settingsOf(flags);
    const { openControlPlane } = await import("../embedded.ts");
    await using opened = await openControlPlane({ settings, logger: await loggerOf(settings), signal });
    let failed = 0;
    for (const picture of pictures) {
      const outcome = await rollBack(opened.client, picture, to, signal);
      if (outcome instanceof AppError) failed += 1;
      output.line(flags.json ? jsonLine(picture, outcome) : humanLine(picture, outcome));
    }
    context.end(failed > 0 ? EXIT.failedPictures : EXIT.done);
  });
}

async function rollBack(
  client: ControlPlaneClient,
  argument: string,
  to: string,
  signal: AbortSignal,
): Promise<Media | AppError> {
  try {
    const picture = await namedPicture(argument, signal);
    const { media } = await client.media.rollbackMedia(
      { picture, to },
      { signal, timeoutMs: CALL_TIMEOUT_MS },
    );
    return media ?? new AppError("internal", "The server's answer is incomplete.");
  } catch (error) {
    const failure = fromConnectError(error);
    if (OF_THE_PICTURE.has(failure.code)) return failure;
    throw failure;
  }
}

function jsonLine(picture: string, outcome: Media | AppError): string {
  if (outcome instanceof AppError)
    return JSON.stringify({
      event: "rollback",
      picture,
      state: "failed",
      reason: outcome.message,
      reasonCode: outcome.code,
    });
  const { objectKey, markedKey, published } = outcome;
  return JSON.stringify({
    event: "rollback",
    picture,
    state: "rolled_back",
    reason: null,
    reasonCode: null,
    objectKey,
    markedKey,
    sha256: published?.picture?.sha256 ?? null,
    snapshotKey: published?.snapshotKey || null,
  });
}

function humanLine(picture: string, outcome: Media | AppError): string {
  return outcome instanceof AppError
    ? `✗ ${picture}: ${outcome.message}`
    : `${picture}: ${outcome.markedKey} is what it was before.`;
}

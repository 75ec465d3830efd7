import type { Command } from "commander";
import { fromConnectError } from "#contracts/client.ts";
import type { Snapshot } from "#gen/media_pb.ts";
import { type CommandContext, loggerOf } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { namedPicture } from "./named-picture.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";

export function addSnapshotsCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("snapshots")
    .description("list what a published picture was before, newest first")
    .argument("<picture>", "object key (raw/…, watermarked/…) or the file that was imported")
    .option("--json", "one JSON object a line")
    .addHelpText("after", "\nExample:\n  platemark snapshots watermarked/studio/3f….jpg\n");
  addSettingFlags(command).action(async (argument: string, flags: Record<string, unknown>) => {
    const { output, signal } = context;
    const settings = settingsOf(flags);
    const picture = await namedPicture(argument, signal);
    const { openControlPlane } = await import("../embedded.ts");
    await using opened = await openControlPlane({ settings, logger: await loggerOf(settings), signal });
    const { snapshots } = await opened.client.media
      .listSnapshots({ picture }, { signal })
      .catch((error: unknown) => {
        throw fromConnectError(error);
      });
    for (const snapshot of snapshots) output.line(flags.json ? jsonLine(snapshot) : humanLine(snapshot));
    if (snapshots.length === 0 && !flags.json) output.notice("Nothing is kept that this picture was before.");
    context.end(EXIT.done);
  });
}

function jsonLine({ key, sha256, atMs, proven }: Snapshot): string {
  return JSON.stringify({
    event: "snapshot",
    key,
    sha256,
    replacedAt: new Date(Number(atMs)).toISOString(),
    template: proven?.template ?? null,
    templateVersion: proven?.templateVersion ?? null,
    proofClass: proven?.proofClass ?? null,
    proofKey: proven?.proofKey ?? null,
  });
}

function humanLine({ key, atMs, proven }: Snapshot): string {
  const replaced = new Date(Number(atMs)).toISOString().slice(0, 19).replace("T", " ");
  const what = proven ? `${proven.template} ${proven.templateVersion}, ${proven.proofClass}` : "no proof";
  return `${replaced}  ${key}  (${what})`;
}

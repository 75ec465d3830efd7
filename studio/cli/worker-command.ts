import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import type { Settings } from "#contracts/settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { systemRandom } from "#kernel/random.ts";
import type { ConnectionSettings } from "../../server/connection-settings.ts";
import { PROGRAM_VERSION } from "../program-version.ts";
import { type CommandContext, childrenOf, loggerOf } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";

/** spec.md S4: what all workers of a shared server mark in a second where nobody says otherwise. */
const SHARED_MARK_QPS = 5;

export function addWorkerCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("worker")
    .description("mark pictures for a server that runs elsewhere")
    .addHelpText(
      "after",
      "\nIt needs the server's --database-url, --s3-url with keys and, when it has one, --redis-url.\n\nExample:\n  platemark worker --mark-concurrency 8\n",
    );
  addSettingFlags(command).action(async (flags: Record<string, unknown>) => {
    const settings = settingsOf(flags);
    const connections = connectionsOf(settings);
    await mkdir(join(settings.home, "tmp"), { recursive: true });
    const { workerSettings } = await import("../../server/worker-settings.ts");
    const told = await workerSettings(settings, connections, { version: PROGRAM_VERSION });
    const spawnChild = await childrenOf(settings);
    const { WorkerSupervisor } = await import("../../server/worker-supervisor.ts");
    await using supervisor = new WorkerSupervisor(
      {
        spawn: () => spawnChild("worker"),
        clock: systemClock,
        random: systemRandom,
        logger: await loggerOf(settings),
      },
      { settings: told },
    );
    await supervisor.start();
    context.output.line(`Marking ${told.concurrency} pictures at once. Ctrl-C ends it.`);
    if (!context.signal.aborted)
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
    context.end(EXIT.done);
  });
}

/** @throws AppError `config.invalid` without the server's database or store. */
function connectionsOf(settings: Settings): ConnectionSettings {
  const { databaseUrl, redisUrl, s3Url, s3AccessKey = "", s3SecretKey = "" } = settings;
  if (databaseUrl === undefined || s3Url === undefined)
    throw new AppError(
      "config.invalid",
      "A worker needs the server's PLATEMARK_DATABASE_URL and PLATEMARK_S3_URL with its keys.",
    );
  return {
    database: { kind: "postgres", url: databaseUrl },
    queue: redisUrl === undefined ? { kind: "database" } : { kind: "redis", url: redisUrl },
    store: {
      endpoint: new URL(s3Url).origin,
      region: settings.s3Region,
      bucket: settings.s3Bucket,
      accessKey: s3AccessKey,
      secretKey: s3SecretKey,
    },
    markQps: settings.markQps ?? SHARED_MARK_QPS,
  };
}

import type { Command } from "commander";
import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { type CommandContext, loggerOf } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { parsePort } from "./serve-command.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";

export function addStoreCommand(program: Command, context: CommandContext): void {
  const store = program.command("store").description("the object store: run the built-in one, or set one up");
  const serve = store
    .command("serve")
    .description("run the built-in S3-compatible store by itself")
    .requiredOption("--port <port>", "to listen on; 0: any free one", parsePort)
    .requiredOption("--data <folder>", "where objects lie")
    .option("--host <address>", "to listen on", "127.0.0.1")
    .addHelpText(
      "after",
      "\nKeys come from PLATEMARK_S3_ACCESS_KEY and PLATEMARK_S3_SECRET_KEY.\n\nExample:\n  platemark store serve --port 9000 --data /srv/pictures\n",
    );
  addSettingFlags(serve).action(async (flags: Record<string, unknown>) => {
    const settings = settingsOf(flags);
    const { s3AccessKey, s3SecretKey } = settings;
    if (s3AccessKey === undefined || s3SecretKey === undefined)
      throw new AppError(
        "config.invalid",
        "The store needs PLATEMARK_S3_ACCESS_KEY and PLATEMARK_S3_SECRET_KEY, to know its callers.",
      );
    const { serveStore } = await import("../../server/store/serve.ts");
    const { url, closed } = await serveStore({
      dataDir: String(flags.data),
      port: Number(flags.port),
      host: String(flags.host),
      accessKey: s3AccessKey,
      secretKey: s3SecretKey,
      logger: await loggerOf(settings),
      signal: context.signal,
    });
    context.output.line(`The store serves at ${url}. Ctrl-C ends it.`);
    await closed;
    context.end(EXIT.done);
  });

  const init = store
    .command("init")
    .description("make bucket, access policy and lifecycle rules in a store; can be run again")
    .addHelpText("after", "\nExample:\n  platemark store init --s3-url http://127.0.0.1:9000\n");
  addSettingFlags(init).action(async (flags: Record<string, unknown>) => {
    const settings = settingsOf(flags);
    const { s3Url, s3AccessKey = "", s3SecretKey = "", s3Bucket, s3Region } = settings;
    if (s3Url === undefined)
      throw new AppError(
        "config.invalid",
        "Name the store with --s3-url or PLATEMARK_S3_URL; the built-in one needs none of this.",
      );
    const { createS3ObjectStore } = await import("../../server/adapters/s3/object-store.ts");
    const adapter = createS3ObjectStore(
      {
        endpoint: new URL(s3Url).origin,
        region: s3Region,
        bucket: s3Bucket,
        accessKey: s3AccessKey,
        secretKey: s3SecretKey,
      },
      { clock: systemClock, logger: await loggerOf(settings) },
    );
    try {
      const steps = await adapter.ensureReady({ signal: context.signal });
      for (const { step, outcome, message } of steps)
        context.output.line(`${step.padEnd(10)} ${outcome.padEnd(8)} ${message}`.trimEnd());
      context.end(
        steps.some(({ step, outcome }) => step === "bucket" && outcome === "refused")
          ? EXIT.environment
          : EXIT.done,
      );
    } finally {
      await adapter.close();
    }
  });
}

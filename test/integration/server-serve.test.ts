import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { createControlPlaneClient } from "#contracts/client.ts";
import { settingsSchema } from "#contracts/settings.ts";
import { MediaState } from "#gen/media_pb.ts";
import { mintToken } from "../../server/edge/tokens/mint-token.ts";
import { serve } from "../../server/serve.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { embeddedInstallation, SECRET, send, testFile, USER } from "./server-harness.ts";

describe("platemark serve", () => {
  test("needs a token secret", async () => {
    const settings = settingsSchema.parse({ home: "/nowhere" });
    const signal = new AbortController().signal;
    await expect(serve({ settings, logger: new RecordingLogger(), signal })).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringContaining("PLATEMARK_TOKEN_SECRET"),
    });
  });

  test("does not offer other computers a store that only this one can reach", async () => {
    const settings = settingsSchema.parse({ home: "/nowhere", tokenSecret: SECRET });
    const signal = new AbortController().signal;
    const serving = serve({ settings, host: "0.0.0.0", port: 0, logger: new RecordingLogger(), signal });
    await expect(serving).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringContaining("PLATEMARK_S3_URL"),
    });
  });

  test("marks what is sent, also after its worker was killed, and ends when told", async () => {
    const installation = await embeddedInstallation();
    const settings = {
      ...installation.settings,
      tokenSecret: SECRET,
      markConcurrency: 1,
      logLevel: "silent" as const,
    };
    const logger = new RecordingLogger();
    const stop = new AbortController();
    const started = Promise.withResolvers<string>();
    const serving = serve({
      settings,
      port: 0,
      logger,
      signal: stop.signal,
      onStarted: ({ url }) => started.resolve(url),
    });
    serving.catch(started.reject);
    const baseUrl = await started.promise;
    const token = () => mintToken({ secret: SECRET, user: USER, bucket: settings.s3Bucket, now: Date.now() });
    const client = createControlPlaneClient({ baseUrl, token });

    const upload = async (shade: number) => {
      const background = { r: shade, g: 90, b: 120 };
      const bytes = await sharp({ create: { width: 320, height: 240, channels: 3, background } })
        .jpeg()
        .toBuffer();
      const { items } = await client.uploads.createUploads({ items: [testFile(0, {}, bytes).announcement] });
      const { how, mediaId } = items[0]!;
      if (how.case !== "put") throw new Error(`not to be put: ${how.case}`);
      await send(how.value, bytes);
      await client.uploads.completeUploads({ items: [{ mediaId }] });
      for await (const { items: changed } of client.media.watchMedia({ afterSequence: 0n }))
        for (const media of changed)
          if (
            media.id === mediaId &&
            (media.state === MediaState.MARKED || media.state === MediaState.FAILED)
          )
            return media;
      throw new Error("the stream ended");
    };

    const first = await upload(10);
    expect(first).toMatchObject({ state: MediaState.MARKED, errorCode: "" });
    expect(first.markedKey).toMatch(/^watermarked\//);
    process.kill(Number(logger.of("worker.ready")[0]!.fields.pid), "SIGKILL");
    const second = await upload(200);
    expect(second.state).toBe(MediaState.MARKED);
    expect(logger.of("worker.ready")).toHaveLength(2);
    const { url } = await client.media.signDownload({ mediaId: second.id, marked: true });
    expect((await sharp(await (await fetch(url)).arrayBuffer()).metadata()).width).toBe(320);

    stop.abort();
    await serving;
    await expect(client.health.check({})).rejects.toThrow();
    for (const { fields } of logger.of("worker.ready"))
      await expect.poll(() => isAlive(Number(fields.pid)), { timeout: 5_000 }).toBe(false);
    await installation[Symbol.asyncDispose]();
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import { describe, expect, test } from "vitest";
import { MediaState } from "#gen/media_pb.ts";
import { Bell } from "../../server/services/bell.ts";
import { UploadSweep } from "../../server/services/upload-sweep.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { embeddedInstallation, startServer, testFile } from "./server-harness.ts";

const DAY_MS = 24 * 3_600_000;
const MIB = 1024 * 1024;

describe("uploads that nobody finishes", () => {
  test("are given up after 7 days, forgotten by the store, and can be sent again", async () => {
    const installation = await embeddedInstallation();
    const clock = new FakeClock();
    const server = await startServer(installation, { clock });
    const client = server.client();
    const peek = await server.open();
    const { repository, store } = peek;
    const sweep = new UploadSweep({
      repository,
      store,
      clock,
      logger: new RecordingLogger(),
      commits: new Bell(),
    });
    const file = testFile(13 * MIB);
    const announce = async () =>
      (await client.uploads.createUploads({ items: [file.announcement] })).items[0]!;
    const first = await announce();
    if (first.how.case !== "multipart") throw new Error("no multipart");
    const { uploadId } = first.how.value;

    clock.jump(7 * DAY_MS - 1_000);
    expect(await sweep.sweep()).toBe(0);
    clock.jump(2_000);
    expect(await sweep.sweep()).toBe(1);
    await expect(store.listParts(first.objectKey, uploadId)).rejects.toMatchObject({ code: "upload.gone" });
    expect((await client.media.getMedia({ ids: [first.mediaId] })).items[0]).toMatchObject({
      state: MediaState.FAILED,
      errorCode: "upload.gone",
    });
    const completed = await client.uploads.completeUploads({ items: [{ mediaId: first.mediaId, uploadId }] });
    expect(completed.items[0]!.outcome).toMatchObject({ case: "error", value: { code: "upload.gone" } });

    const again = await announce();
    expect(again.mediaId).toBe(first.mediaId);
    expect(again.how.case).toBe("multipart");
    await peek.close();
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
  });
});

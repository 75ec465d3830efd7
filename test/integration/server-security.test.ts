import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ControlPlaneClient } from "#contracts/client.ts";
import { fromConnectError } from "#contracts/client.ts";
import { createPinoLogger } from "../../server/adapters/log/pino-logger.ts";
import { mintToken } from "../../server/edge/tokens/mint-token.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  SECRET,
  send,
  startServer,
  type TestFile,
  testFile,
  USER,
} from "./server-harness.ts";

const MIB = 1024 * 1024;

async function announce(client: ControlPlaneClient, file: TestFile) {
  const ticket = (await client.uploads.createUploads({ items: [file.announcement] })).items[0]!;
  if (ticket.how.case !== "put") throw new Error(`not to be put: ${ticket.how.case}`);
  return { mediaId: ticket.mediaId, objectKey: ticket.objectKey, put: ticket.how.value };
}

describe("what a token allows", () => {
  let installation: Installation;
  let server: RunningServer;
  beforeAll(async () => {
    installation = await embeddedInstallation();
    server = await startServer(installation);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  test("ends at its size, at signing and again at completion", async () => {
    const file = testFile(2_000);
    const narrow = server.client({ maxSize: 1_999 });
    const refused = (await narrow.uploads.createUploads({ items: [file.announcement] })).items[0]!;
    expect(refused.how).toMatchObject({ case: "error", value: { code: "upload.too_large" } });
    const { mediaId, put } = await announce(server.client(), file);
    await send(put, file.bytes);
    const completed = (await narrow.uploads.completeUploads({ items: [{ mediaId }] })).items[0]!;
    expect(completed.outcome).toMatchObject({ case: "error", value: { code: "upload.too_large" } });
  });

  test("ends at its bucket, at signing and again at completion", async () => {
    const file = testFile();
    const { mediaId, put } = await announce(server.client(), file);
    await send(put, file.bytes);
    const foreign = server.client({ token: await server.token({ bucket: "another-bucket" }) });
    const announced = (await foreign.uploads.createUploads({ items: [testFile().announcement] })).items[0]!;
    expect(announced.how).toMatchObject({ case: "error", value: { code: "permission_denied" } });
    const completed = (await foreign.uploads.completeUploads({ items: [{ mediaId }] })).items[0]!;
    expect(completed.outcome).toMatchObject({ case: "error", value: { code: "permission_denied" } });
    await expect(foreign.media.signDownload({ mediaId, marked: false })).rejects.toSatisfy(
      (error) => fromConnectError(error).code === "permission_denied",
    );
  });

  test("gives the same bytes of two users two pictures", async () => {
    const file = testFile();
    const mine = await announce(server.client(), file);
    const theirs = await announce(server.client({ user: "somebody" }), file);
    expect(theirs.mediaId).not.toBe(mine.mediaId);
    expect(theirs.objectKey).toMatch(/^raw\/somebody\//);
  });

  test("is over when the token is, also for calls of an open connection", async () => {
    const clock = new FakeClock(Date.now());
    const own = await embeddedInstallation();
    const timed = await startServer(own, { clock });
    const token = await mintToken({
      secret: SECRET,
      user: USER,
      bucket: own.settings.s3Bucket,
      now: clock.now(),
    });
    const client = timed.client({ token });
    await client.media.listMedia({});
    clock.jump(901_000);
    await expect(client.media.listMedia({})).rejects.toSatisfy(
      (error) => fromConnectError(error).code === "unauthenticated",
    );
    expect(timed.logger.of("request.refused").at(-1)?.fields.reason).toMatch(/expired|exp|older/);
    await timed[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });
});

describe("a presigned URL", () => {
  test("is worth nothing when it has expired, or for anything else than it was signed for", async () => {
    const own = await embeddedInstallation();
    // The store in this process takes its time from the same clock as the signer: only the clock moves on.
    const clock = new FakeClock();
    const server = await startServer(own, { clock });
    const client = server.client();
    const file = testFile();
    const { put, objectKey } = await announce(client, file);
    expect((await send(put, Buffer.alloc(file.bytes.length))).status).toBe(400);
    expect(
      (await send({ ...put, url: put.url.replace(objectKey, `${objectKey}x`) }, file.bytes)).status,
    ).toBe(403);
    expect((await fetch(put.url, { method: "GET" })).status).toBe(403);
    clock.jump(899_000);
    expect((await send(put, file.bytes)).status).toBe(200);
    clock.jump(2_000);
    expect((await send(put, file.bytes)).status).toBe(403);
    await server[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });
});

describe("the log of a whole upload", () => {
  test("holds no secret, no token and no signature, at any level", async () => {
    const own = await embeddedInstallation();
    const lines: string[] = [];
    const logger = createPinoLogger({ level: "debug", stream: { write: (line) => void lines.push(line) } });
    const server = await startServer(own, { logger });
    const token = await server.token();
    const client = server.client({ token });
    const secrets = [token, SECRET, server.connections.store.secretKey];
    const learn = (url: string) => secrets.push(new URL(url).searchParams.get("X-Amz-Signature")!);

    const small = testFile();
    const { mediaId, put } = await announce(client, small);
    learn(put.url);
    await send(put, small.bytes);
    await client.uploads.completeUploads({ items: [{ mediaId }, { mediaId: "nobody" }] });
    learn((await client.media.signDownload({ mediaId, marked: false })).url);

    const large = testFile(13 * MIB);
    const ticket = (await client.uploads.createUploads({ items: [large.announcement] })).items[0]!;
    if (ticket.how.case !== "multipart") throw new Error("no multipart");
    const { uploadId } = ticket.how.value;
    const parts = [
      { partNumber: 1, size: BigInt(8 * MIB) },
      { partNumber: 2, size: BigInt(5 * MIB) },
    ];
    const signed = await client.uploads.signParts({ mediaId: ticket.mediaId, uploadId, parts });
    for (const part of signed.parts) {
      learn(part.url);
      await send(part, large.bytes.subarray((part.partNumber - 1) * 8 * MIB, part.partNumber * 8 * MIB));
    }
    await client.uploads.completeUploads({ items: [{ mediaId: ticket.mediaId, uploadId }] });
    await fetch(`${server.url}/platemark.v1.MediaService/ListMedia?token=${token}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}x` },
    });
    await server[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();

    const log = lines.join("");
    expect(log).toContain(mediaId);
    expect(log).toContain("media.uploaded");
    expect(log).toContain("request.finished");
    for (const secret of secrets) expect(secret.length > 20 && log.includes(secret)).toBe(false);
    expect(log).not.toMatch(/X-Amz-Signature|Bearer ey/);
  });
});

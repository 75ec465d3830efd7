import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { generateProofKey, type ProofPrivateKey } from "#imaging/proof/sign-record.ts";
import type { WorkerSettings } from "../../server/connection-settings.ts";
import { heic, photo } from "../fixtures/pictures/pictures.ts";

const entry = (name: string) => fileURLToPath(new URL(`../../server/workers/${name}.ts`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-processes-"));
});
afterAll(() => rm(folder, { recursive: true }));

let child: ChildProcess;
const messages: Record<string, unknown>[] = [];

function start(name: string): void {
  child = fork(entry(name), {
    serialization: "advanced",
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  messages.length = 0;
  child.on("message", (message) => messages.push(message as Record<string, unknown>));
}
afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

/** The answer with this id. */
const answer = async (id: number) => {
  await expect.poll(() => messages.some((message) => message.id === id), { timeout: 15_000 }).toBe(true);
  return messages.find((message) => message.id === id)!;
};

describe("the previews process", () => {
  beforeEach(() => start("previews-main"));

  test("answers many requests, from files and from addresses, each with its preview or its reason", async () => {
    const jpeg = await photo({ width: 900, height: 600 }).jpeg().toBuffer();
    const path = join(folder, "a.jpg");
    const phone = join(folder, "b.jpg");
    await writeFile(path, jpeg);
    await writeFile(phone, heic());
    const server = createServer((request, response) => {
      response.writeHead(request.url?.startsWith("/a.jpg") ? 200 : 404).end(jpeg);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sources = [
      { path },
      { path: phone },
      { path: join(folder, "missing.jpg") },
      { url: `${origin}/a.jpg?X-Amz-Signature=secret` },
      { url: `${origin}/b.jpg?X-Amz-Signature=secret` },
    ];
    for (const [id, source] of sources.entries()) child.send({ type: "preview", id, source, maxSide: 120 });
    const answers = await Promise.all(sources.map((_, id) => answer(id)));
    server.close();
    for (const id of [0, 3]) {
      expect(answers[id]).toMatchObject({ type: "preview", contentType: "image/webp" });
      expect(await sharp(answers[id]!.body as Uint8Array).metadata()).toMatchObject({
        width: 120,
        height: 80,
      });
    }
    expect(answers[1]).toMatchObject({ type: "error", error: { code: "picture.unsupported_heic" } });
    expect(answers[2]).toMatchObject({ type: "error", error: { code: "file.vanished" } });
    expect(answers[4]).toMatchObject({ type: "error", error: { code: "not_found" } });
    expect(JSON.stringify(answers)).not.toContain("secret");
  });

  test("takes requests back", async () => {
    const server = createServer(() => {});
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/never`;
    const asked = once(server, "request");
    child.send({ type: "preview", id: 7, source: { url }, maxSide: 120 });
    await asked;
    child.send({ type: "cancel", id: 7 });
    expect(await answer(7)).toMatchObject({ type: "error", error: { code: "aborted" } });
    server.closeAllConnections();
    server.close();
  });

  test("ends when its parent is gone", async () => {
    const path = join(folder, "c.jpg");
    await writeFile(path, await photo().jpeg().toBuffer());
    child.send({ type: "preview", id: 1, source: { path }, maxSide: 60 });
    await answer(1);
    const exit = once(child, "exit");
    child.disconnect();
    expect((await exit)[0]).toBe(0);
  });
});

let proofKey: ProofPrivateKey;
beforeAll(async () => {
  proofKey = await generateProofKey();
});

describe("the worker process", () => {
  const settings = (path: string): WorkerSettings => ({
    connections: {
      database: { kind: "sqlite", path },
      queue: { kind: "database" },
      store: {
        endpoint: "http://127.0.0.1:9",
        region: "us-east-1",
        bucket: "test",
        accessKey: "key",
        secretKey: "secret-secret",
      },
      markQps: 0,
    },
    concurrency: 1,
    memoryBudgetBytes: 1e8,
    proofKey,
    version: "1",
    tempDir: folder,
    logLevel: "silent",
  });

  beforeEach(() => start("worker-main"));

  test("is ready once it takes jobs, and ends when its parent is gone", async () => {
    child.send({ type: "start", settings: settings(join(folder, "server.db")) });
    await expect.poll(() => messages, { timeout: 15_000 }).toEqual([{ type: "ready" }]);
    const exit = once(child, "exit");
    child.disconnect();
    expect((await exit)[0]).toBe(0);
  });

  test("says why it cannot start", async () => {
    const notFolder = join(folder, "file");
    await writeFile(notFolder, "");
    const exit = once(child, "exit");
    child.send({ type: "start", settings: settings(join(notFolder, "server.db")) });
    expect((await exit)[0]).toBe(1);
    expect(messages).toMatchObject([
      { type: "error", error: { code: expect.any(String), message: expect.any(String) } },
    ]);
  });

  test("ends quietly when its parent goes before it was started", async () => {
    const exit = once(child, "exit");
    child.disconnect();
    expect((await exit)[0]).toBe(0);
  });
});

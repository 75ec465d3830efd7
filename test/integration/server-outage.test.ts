import { readdir } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { settingsSchema } from "#contracts/settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { createObjectStoreServer } from "../../server/store/index.ts";
import { embeddedInstallation, type Installation, startServer, testFile, USER } from "./server-harness.ts";

const KEYS = { accessKey: "access-key", secretKey: "secret-key" };

/** The same home, with a store of its own choice. */
function withStore(installation: Installation, s3Url: string): Installation {
  const keys = { s3AccessKey: KEYS.accessKey, s3SecretKey: KEYS.secretKey };
  const settings = settingsSchema.parse({ home: installation.settings.home, user: USER, s3Url, ...keys });
  return { settings, [Symbol.asyncDispose]: () => installation[Symbol.asyncDispose]() };
}

function storeOf(installation: Installation, port = 0) {
  const dataDir = join(installation.settings.home, "elsewhere");
  const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
  return createObjectStoreServer({ dataDir, port, credentials: [KEYS], ...deps });
}

async function freePort(): Promise<number> {
  const { server, url } = await answering(200, "");
  await new Promise((resolve) => server.close(resolve));
  return Number(new URL(url).port);
}

/** Something on HTTP that says the same to everybody. */
async function answering(status: number, body: string): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { connection: "close" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("a server whose store is away", () => {
  test("starts, says so, announces what needs no store, and is ready once the store answers", async () => {
    const home = await embeddedInstallation();
    const port = await freePort();
    const server = await startServer(withStore(home, `http://127.0.0.1:${port}`));
    const client = server.client();
    const health = await client.health.check({});
    expect(health.serving).toBe(false);
    expect(health.components.find(({ name }) => name === "store")).toMatchObject({
      serving: false,
      message: expect.stringContaining("does not answer"),
    });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    const { items } = await client.uploads.createUploads({
      items: [testFile().announcement, testFile(13 * 1024 * 1024).announcement],
    });
    expect(items.map(({ how }) => (how.case === "error" ? how.value.code : how.case))).toEqual([
      "put",
      "store.unreachable",
    ]);

    const store = storeOf(home, port);
    await store.start();
    const ready = async () => (await client.health.check({})).serving;
    await expect
      .poll(() => server.logger.of("store.prepared").length, { timeout: 15_000 })
      .toBeGreaterThan(2);
    await expect.poll(ready, { timeout: 15_000 }).toBe(true);
    await server[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  test.each([
    ["refuses the keys", 403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", "PLATEMARK_S3_SECRET_KEY"],
    ["is none, but some other web server", 200, "<!doctype html><title>Console</title>", "PLATEMARK_S3_URL"],
  ])("does not start where the store %s", async (_what, status, body, hint) => {
    const home = await embeddedInstallation();
    const { server, url } = await answering(status, body);
    await expect(startServer(withStore(home, url))).rejects.toMatchObject({
      code: "store.refused",
      message: expect.stringContaining(hint),
    });
    server.close();
    await home[Symbol.asyncDispose]();
  });

  test("takes nothing for sent that another store holds", async () => {
    const home = await embeddedInstallation();
    const embedded = await startServer(home);
    await embedded[Symbol.asyncDispose]();
    const store = storeOf(home);
    const elsewhere = await startServer(withStore(home, (await store.start()).url));
    expect(elsewhere.serverId).not.toBe(embedded.serverId);
    await elsewhere[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    const files = await readdir(home.settings.home);
    expect(files.filter((name) => name.endsWith(".sqlite"))).toHaveLength(2);
    await home[Symbol.asyncDispose]();
  });
});

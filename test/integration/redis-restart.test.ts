import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { createRedisQueue } from "../../server/adapters/redis/queue.ts";
import { SeededRandom } from "../fakes/seeded-random.ts";

const installed = spawnSync("redis-server", ["--version"]).status === 0;
if (!installed && process.env.REQUIRE_REAL === "1")
  throw new Error("REQUIRE_REAL=1, but redis-server is not installed.");

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.skipIf(!installed)("Redis that is killed and started again", () => {
  let server: ChildProcess | undefined;
  let folder: string | undefined;
  afterEach(async () => {
    server?.kill("SIGKILL");
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** Resolves when it answers. */
  async function start(port: number, directory: string): Promise<void> {
    const files = ["--dir", directory, "--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", ...files], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    server = child;
    const lines = createInterface({ input: child.stdout });
    await new Promise<void>((resolve, reject) => {
      lines.on("line", (line) => line.includes("Ready to accept connections") && resolve());
      child.once("exit", () => reject(new Error("redis-server ended before it was ready.")));
    });
  }

  test("has every job whose enqueueing it confirmed, leased ones and keys included", async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-redis-"));
    const port = await freePort();
    await start(port, folder);
    const url = `redis://127.0.0.1:${port}`;
    const queue = createRedisQueue({ url, name: "mark", clock: systemClock, random: new SeededRandom(1) });
    await queue.start();

    const confirmed = new Set<string>();
    const enqueueAll = async (lane: number) => {
      for (let number = 0; number < 200; number++) {
        const key = `${lane}/${number}`;
        await queue.enqueue(key, { key });
        confirmed.add(key);
        if (confirmed.size === 150) server!.kill("SIGKILL");
      }
    };
    const exited = once(server!, "exit");
    const [leased] = await queue
      .enqueue("leased", { key: "leased" })
      .then(() => queue.take(1, { visibilityMs: 600_000, waitMs: 0 }));
    const writing = Promise.all([1, 2, 3].map(enqueueAll));
    await exited;
    await start(port, folder);
    await writing;

    expect(confirmed.size).toBe(600);
    expect(await queue.stats()).toEqual({ ready: 600, delayed: 0, leased: 1, dead: 0 });
    expect(await queue.ack(leased!)).toBe(true);
    expect((await queue.enqueue("1/0", {})).duplicate).toBe(true);
    const taken = await queue.take(1_000, { visibilityMs: 60_000, waitMs: 0 });
    expect(new Set(taken.map(({ key }) => key))).toEqual(confirmed);
    await queue.close();
  });
});

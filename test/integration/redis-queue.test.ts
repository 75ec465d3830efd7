import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { createClient } from "redis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { createRedisQueue } from "../../server/adapters/redis/queue.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { SeededRandom } from "../fakes/seeded-random.ts";
import { BreakableProxy } from "../support/breakable-proxy.ts";
import { describeReal, real } from "../support/real-components.ts";
import { removeRedisKeys } from "../support/redis-keys.ts";

const VISIBILITY_MS = 30_000;

describeReal("Redis queue", ["redis"], () => {
  const url = real("redis") ?? "";
  let name: string;
  let base: string;
  beforeEach(() => {
    name = `test-${randomUUID()}`;
    base = `{platemark:queue:${name}}`;
  });
  afterEach(() => removeRedisKeys(url, base));

  test("a taker that waits gets its job after the connection was lost and came back", async () => {
    const { hostname, port } = new URL(url);
    await using proxy = await BreakableProxy.to({ host: hostname, port: Number(port) });
    const through = new URL(url);
    through.port = String(proxy.port);
    const logger = new RecordingLogger();
    const worker = createRedisQueue({
      url: through.href,
      name,
      clock: systemClock,
      random: new SeededRandom(1),
      logger,
    });
    const producer = createRedisQueue({ url, name, clock: systemClock, random: new SeededRandom(2) });
    await worker.start();
    await worker.enqueue("before", 1);
    await worker.ack((await worker.take(1, { visibilityMs: VISIBILITY_MS, waitMs: 0 }))[0]!);

    const waiting = worker.take(1, { visibilityMs: VISIBILITY_MS, waitMs: 25_000 });
    proxy.break();
    await producer.enqueue("while away", { n: 2 });
    const late = worker.enqueue("sent while away", { n: 3 });
    proxy.mend();
    const [lease] = await waiting;
    expect(lease!.payload).toEqual({ n: 2 });
    expect(await worker.ack(lease!)).toBe(true);
    expect(await late).toMatchObject({ duplicate: false });
    expect(logger.of("redis.connection_lost").length).toBeGreaterThan(0);

    const awake = worker.take(2, { visibilityMs: VISIBILITY_MS, waitMs: 25_000 });
    expect((await awake).map(({ key }) => key)).toEqual(["sent while away"]);
    await Promise.all([worker.close(), producer.close()]);
  });

  test("an entry that something else read from the group without a lease is taken over", async () => {
    const clock = new FakeClock();
    const options = { url, name, clock, orphanIdleMs: 0 };
    const queue = createRedisQueue({ ...options, random: new SeededRandom(1) });
    await queue.start();
    await queue.enqueue("orphan", 1);
    await queue.enqueue("held", 2);
    const client = createClient({ url });
    await client.connect();
    await client.xReadGroup("workers", "somebody", { key: `${base}:stream`, id: ">" }, { COUNT: 1 });
    const [held] = await queue.take(5, { visibilityMs: VISIBILITY_MS, waitMs: 0 });
    expect(held!.key).toBe("held");

    const restarted = createRedisQueue({ ...options, random: new SeededRandom(2) });
    await restarted.start();
    const taken = await restarted.take(5, { visibilityMs: VISIBILITY_MS, waitMs: 0 });
    expect(taken.map(({ key }) => key)).toEqual(["orphan"]);
    expect(await queue.ack(held!)).toBe(true);
    expect(await restarted.ack(taken[0]!)).toBe(true);
    const pending = await client.xPending(`${base}:stream`, "workers");
    expect(pending.pending).toBe(0);
    expect(await client.xLen(`${base}:stream`)).toBe(0);
    await client.close();
    await Promise.all([queue.close(), restarted.close()]);
  });

  test("goes on after somebody has emptied Redis", async () => {
    const queue = createRedisQueue({ url, name, clock: new FakeClock(), random: new SeededRandom(1) });
    await queue.start();
    await queue.enqueue("lost", 1);
    await removeRedisKeys(url, base);
    expect(await queue.stats()).toEqual({ ready: 0, delayed: 0, leased: 0, dead: 0 });
    await queue.enqueue("new", 1);
    await removeRedisKeys(url, base);
    await queue.enqueue("newer", 1);
    const taken = await queue.take(5, { visibilityMs: VISIBILITY_MS, waitMs: 0 });
    expect(taken.map(({ key }) => key)).toEqual(["newer"]);
    await queue.close();
  });

  test("what is done leaves nothing but its key, and that expires", async () => {
    const queue = createRedisQueue({ url, name, clock: new FakeClock(), random: new SeededRandom(1) });
    await queue.start();
    await queue.enqueue("done", 1);
    const [lease] = await queue.take(1, { visibilityMs: VISIBILITY_MS, waitMs: 0 });
    await queue.retry(lease!, 0, "again");
    const [again] = await queue.take(1, { visibilityMs: VISIBILITY_MS, waitMs: 0 });
    await queue.ack(again!);
    await queue.close();
    const client = createClient({ url });
    await client.connect();
    const keys = (await client.keys(`${base}:*`)).sort();
    expect(keys).toEqual([`${base}:key:done`, `${base}:stream`]);
    expect(await client.ttl(`${base}:key:done`)).toBeGreaterThan(86_000);
    await client.close();
  });
});

describe("Redis that cannot be had", () => {
  test("refuses a URL that is none, without repeating it", async () => {
    const queue = createRedisQueue({
      url: "http://name:geheim@127.0.0.1",
      name: "x",
      clock: systemClock,
      random: new SeededRandom(1),
    });
    const error = await queue.start().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "config.invalid" });
    expect(String(error)).not.toContain("geheim");
    await queue.close();
  });

  test("a server that refuses us is a wrong setting at once", async () => {
    const server = createServer((socket) => socket.resume().end("-NOAUTH Required.\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const queue = createRedisQueue({
      url: `redis://127.0.0.1:${port}`,
      name: "x",
      clock: systemClock,
      random: new SeededRandom(1),
    });
    await expect(queue.start()).rejects.toMatchObject({ code: "config.invalid" });
    await queue.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

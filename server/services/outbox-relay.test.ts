import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import { SeededRandom } from "../../test/fakes/seeded-random.ts";
import { Bell } from "./bell.ts";
import { OutboxRelay } from "./outbox-relay.ts";

describe("the relay from outbox to queue", () => {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const commits = new Bell();
  let outbox: { outboxId: number; key: string; payload: unknown }[];
  let enqueued: string[];
  let refuse: number;
  let relay: OutboxRelay;
  beforeEach(() => {
    outbox = [];
    enqueued = [];
    refuse = 0;
    const repository = {
      outbox: async (limit: number) => outbox.slice(0, limit),
      outboxDone: async (ids: readonly number[]) => {
        outbox = outbox.filter(({ outboxId }) => !ids.includes(outboxId));
      },
    };
    const queue = {
      enqueue: async (key: string) => {
        if (refuse-- > 0) throw new AppError("unavailable", "Redis is away.", { retry: "backoff" });
        enqueued.push(key);
        return { id: key, duplicate: false };
      },
    };
    const deps = { repository: repository as never, queue: queue as never, clock, logger, commits };
    relay = new OutboxRelay({ ...deps, random: new SeededRandom() });
  });
  afterEach(async () => relay[Symbol.asyncDispose]());

  const add = (count: number) => {
    for (let added = 0; added < count; added++) {
      const outboxId = enqueued.length + outbox.length + 1;
      outbox.push({ outboxId, key: `job-${outboxId}`, payload: {} });
    }
  };

  test("moves what it finds at its start, whatever the amount", async () => {
    add(450);
    relay.start();
    await clock.whenSleeping();
    expect(outbox).toEqual([]);
    expect(new Set(enqueued).size).toBe(450);
  });

  test("wakes at a commit of its own process, without waiting", async () => {
    relay.start();
    await clock.whenSleeping();
    const startedMs = clock.now();
    add(1);
    commits.ring();
    await expect.poll(() => enqueued).toEqual(["job-1"]);
    expect(clock.now()).toBe(startedMs);
  });

  test("finds the rows of other processes by looking", async () => {
    relay.start();
    await clock.whenSleeping();
    add(1);
    await clock.advance(1_000);
    await expect.poll(() => enqueued).toEqual(["job-1"]);
  });

  test("keeps a job that the queue does not take, and tries it again later", async () => {
    add(1);
    refuse = 2;
    relay.start();
    await clock.whenSleeping();
    expect([outbox.length, enqueued.length]).toEqual([1, 0]);
    expect(logger.of("outbox.failed").at(-1)?.fields).toMatchObject({ code: "unavailable" });
    await clock.advance(60_000);
    await expect.poll(() => enqueued).toEqual(["job-1"]);
    expect(outbox).toEqual([]);
  });
});

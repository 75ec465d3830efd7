import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { Bell } from "./bell.ts";
import { MediaTail } from "./media-tail.ts";
import type { MediaEvent, MediaRepository, MediaRow } from "./ports/media-repository.ts";

/** A log of events, and how often it was looked into. */
class Log {
  readonly events: MediaEvent[] = [];
  readonly commits = new Bell();
  looks = 0;
  failure: Error | undefined;

  readonly repository = {
    lastSequence: async () => this.events.length,
    eventsAfter: async (sequence: number, { owner, limit }: { owner?: string; limit: number }) => {
      this.looks++;
      if (this.failure) throw this.failure;
      return this.events
        .slice(sequence)
        .filter(({ media }) => owner === undefined || media.owner === owner)
        .slice(0, limit);
    },
  } as unknown as MediaRepository;

  add(owner: string, { ring = true } = {}): void {
    const media = { owner, id: `m${this.events.length}` } as MediaRow;
    this.events.push({ sequence: this.events.length + 1, media, kind: "media.changed", atMs: 0 });
    if (ring) this.commits.ring();
  }

  of(owner: string): number[] {
    return this.events.filter(({ media }) => media.owner === owner).map(({ sequence }) => sequence);
  }
}

const HEARTBEAT_MS = 15_000;

function scene() {
  const log = new Log();
  const clock = new FakeClock();
  const tail = new MediaTail({ repository: log.repository, clock, commits: log.commits });
  const stop = new AbortController();
  const follow = (owner: string, after = 0) =>
    tail.follow(owner, after, { signal: stop.signal, heartbeatMs: HEARTBEAT_MS });
  /** Reads on until it was told to stop. */
  const read = (owner: string, after = 0) => {
    const seen: number[] = [];
    const done = (async () => {
      for await (const { events } of follow(owner, after))
        seen.push(...events.map(({ sequence }) => sequence));
    })();
    return { seen, done };
  };
  return { log, clock, tail, stop, follow, read };
}

describe("the tail of events", () => {
  test("looks once for all who follow, and not at all when nobody does", async () => {
    const { log, clock, stop, read } = scene();
    const readers = Array.from({ length: 200 }, (_, at) => read(`owner-${at % 10}`));
    await clock.advance(60_000);
    const alone = log.looks;
    expect(alone).toBeLessThan(100);
    log.add("owner-3");
    await clock.advance(0);
    expect(readers.filter(({ seen }) => seen.length === 1)).toHaveLength(20);
    expect(log.looks - alone).toBeLessThan(5);
    stop.abort();
    await Promise.all(readers.map(({ done }) => done));
    const before = log.looks;
    await clock.advance(60_000);
    expect(log.looks).toBe(before);
    expect(clock.sleeping).toBe(0);
  });

  test("hands each reader every event of its owner once and in order, however slow it is", async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("add" as const),
        owner: fc.constantFrom("a", "b"),
        count: fc.integer({ min: 1, max: 1_500 }),
      }),
      fc.record({
        kind: fc.constant("read" as const),
        owner: fc.constantFrom("a", "b"),
        count: fc.integer({ min: 1, max: 4 }),
      }),
      fc.record({
        kind: fc.constant("wait" as const),
        owner: fc.constant(""),
        count: fc.integer({ min: 0, max: 2_000 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), fc.nat(5), async (steps, before) => {
        const { log, clock, stop, follow } = scene();
        for (let at = 0; at < before; at++) log.add(at % 2 ? "a" : "b");
        const readers = ["a", "b"].map((owner) => ({
          owner,
          stream: follow(owner),
          seen: [] as number[],
          last: 0,
        }));
        const read = async (reader: (typeof readers)[number]) => {
          const { value } = await clock.runUntil(reader.stream.next());
          if (!value) return;
          reader.seen.push(...value.events.map((event: MediaEvent) => event.sequence));
          expect(value.sequence).toBeGreaterThanOrEqual(reader.last);
          reader.last = value.sequence;
        };
        for (const { kind, owner, count } of steps) {
          if (kind === "add") for (let at = 0; at < count; at++) log.add(owner, { ring: at === 0 });
          else if (kind === "wait") await clock.advance(count);
          else
            for (let at = 0; at < count; at++) await read(readers.find((reader) => reader.owner === owner)!);
        }
        for (const reader of readers) {
          while (reader.seen.length < log.of(reader.owner).length) await read(reader);
          expect(reader.seen).toEqual(log.of(reader.owner));
        }
        stop.abort();
        await Promise.all(readers.map(({ stream }) => stream.return(undefined)));
      }),
      { numRuns: 40 },
    );
  });

  test("moves a reader's place on in silence, so that it does not grow too old to resume from", async () => {
    const { log, clock, stop, follow } = scene();
    const stream = follow("quiet");
    const first = stream.next();
    await clock.advance(100);
    for (let at = 0; at < 10; at++) log.add("busy");
    await clock.advance(HEARTBEAT_MS);
    expect(await first).toMatchObject({ value: { events: [], sequence: 10 } });
    stop.abort();
    await stream.return(undefined);
  });

  test("tells all readers when the database fails, and begins anew with the next", async () => {
    const { log, clock, stop, read } = scene();
    const reader = read("a");
    await clock.advance(100);
    log.failure = new Error("gone");
    log.commits.ring();
    await expect(reader.done).rejects.toThrow("gone");
    log.failure = undefined;
    const next = read("a");
    await clock.advance(100);
    log.add("a");
    await clock.advance(1_000);
    expect(next.seen).toEqual([1]);
    stop.abort();
    await next.done;
  });
});

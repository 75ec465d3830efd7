import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Lease, Queue } from "../../server/services/ports/queue.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { SeededRandom } from "../fakes/seeded-random.ts";

/** Where one test's queues live. */
export interface QueueFixture {
  /** Another queue on the same jobs, as another process would have it; started by the suite. */
  open(deps: { readonly clock: FakeClock; readonly random: SeededRandom }): Promise<Queue>;
  /** After all queues are closed. */
  remove(): Promise<void>;
}

const VISIBILITY_MS = 30_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What every `Queue` does. Time is the fake clock's, nothing sleeps. */
export function describeQueue(title: string, makeFixture: () => Promise<QueueFixture>): void {
  describe(title, () => {
    let fixture: QueueFixture;
    let clock: FakeClock;
    let queue: Queue;
    let opened: Queue[];
    let seed: number;

    const open = async () => {
      const another = await fixture.open({ clock, random: new SeededRandom(seed++) });
      opened.push(another);
      await another.start();
      return another;
    };
    const take = (n = 10, from = queue) => from.take(n, { visibilityMs: VISIBILITY_MS, waitMs: 0 });
    const takeOne = async (from = queue): Promise<Lease> => {
      const [lease] = await take(1, from);
      if (!lease) throw new Error("There was no job to take.");
      return lease;
    };

    beforeEach(async () => {
      fixture = await makeFixture();
      clock = new FakeClock();
      seed = 1;
      opened = [];
      queue = await open();
    });
    afterEach(async () => {
      await Promise.all(opened.map((each) => each.close()));
      await fixture.remove();
    });

    test("hands out what was enqueued, first in, first out, and forgets it once acknowledged", async () => {
      const ids = [];
      for (const key of ["a", "b", "c"]) ids.push((await queue.enqueue(key, { key })).id);
      const leases = await take(2);
      expect(leases.map(({ id, key, payload }) => ({ id, key, payload }))).toEqual([
        { id: ids[0], key: "a", payload: { key: "a" } },
        { id: ids[1], key: "b", payload: { key: "b" } },
      ]);
      expect(leases[0]).toMatchObject({
        attempt: 1,
        maxAttempts: 4,
        leaseUntilMs: clock.now() + VISIBILITY_MS,
      });
      expect(await queue.stats()).toEqual({ ready: 1, delayed: 0, leased: 2, dead: 0 });
      for (const lease of leases) expect(await queue.ack(lease)).toBe(true);
      expect(await queue.stats()).toEqual({ ready: 1, delayed: 0, leased: 0, dead: 0 });
      clock.jump(DAY_MS);
      expect((await take()).map(({ key }) => key)).toEqual(["c"]);
    });

    test("says for how long the oldest job has been ready, and nothing of those in somebody's hands", async () => {
      expect(await queue.oldestReadyMs()).toBe(0);
      await queue.enqueue("a", {});
      clock.jump(5);
      // A server counts by its own clock.
      await expect.poll(() => queue.oldestReadyMs()).toBeGreaterThan(0);
      const [lease] = await take();
      expect(await queue.oldestReadyMs()).toBe(0);
      await queue.ack(lease!);
    });

    test("keeps payloads as they are: every script, control characters, numbers and null", async () => {
      const payload = {
        text: "Ünïcode 图片 🦩 \u0000 \ud800 \"'\\ {}",
        list: [1.5, -0.25, 2 ** 53 - 1, null, true, { deep: ["ß"] }],
      };
      await queue.enqueue("ключ 鍵 🔑 'quoted' {braced}", payload);
      await queue.enqueue("nothing", null);
      const [first, second] = await take();
      expect(first!.payload).toEqual(payload);
      expect(first!.key).toBe("ключ 鍵 🔑 'quoted' {braced}");
      expect(second!.payload).toBeNull();
    });

    test("a key is the same job for 24 hours, also after it was done", async () => {
      const first = await queue.enqueue("same", 1);
      expect(first.duplicate).toBe(false);
      expect(await queue.enqueue("same", 2)).toEqual({ id: first.id, duplicate: true });
      await queue.ack(await takeOne());
      clock.jump(DAY_MS - 1);
      expect(await queue.enqueue("same", 3)).toEqual({ id: first.id, duplicate: true });
      expect(await take()).toEqual([]);
      clock.jump(1);
      const again = await queue.enqueue("same", 4);
      expect(again.duplicate).toBe(false);
      expect(again.id).not.toBe(first.id);
      expect((await takeOne()).payload).toBe(4);
    });

    test("one of many who enqueue the same key at once wins, the others learn its id", async () => {
      const other = await open();
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) => (index % 2 ? queue : other).enqueue("race", index)),
      );
      expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(await take()).toHaveLength(1);
    });

    test("a job that was never acknowledged comes again when its lease has run out", async () => {
      await queue.enqueue("crash", 1);
      const lost = await takeOne();
      clock.jump(VISIBILITY_MS - 1);
      expect(await take()).toEqual([]);
      clock.jump(1);
      const other = await open();
      const [taken] = await take(10, other);
      expect(taken).toMatchObject({ id: lost.id, attempt: 2 });
      expect(taken!.token).not.toBe(lost.token);
    });

    test("who lost a lease can neither acknowledge, extend, retry nor bury", async () => {
      await queue.enqueue("slow", 1);
      const lost = await takeOne();
      clock.jump(VISIBILITY_MS);
      const other = await open();
      const held = await takeOne(other);
      expect(await queue.ack(lost)).toBe(false);
      expect(await queue.extend(lost, 1_000)).toBeNull();
      expect(await queue.retry(lost, 0, "late")).toBe(false);
      expect(await queue.bury(lost, "late")).toBe(false);
      expect(await queue.stats()).toEqual({ ready: 0, delayed: 0, leased: 1, dead: 0 });
      expect(await other.ack(held)).toBe(true);
    });

    test("a second acknowledgement is false, also when both come at once", async () => {
      await queue.enqueue("twice", 1);
      const lease = await takeOne();
      expect((await Promise.all([queue.ack(lease), queue.ack(lease)])).sort()).toEqual([false, true]);
      expect(await queue.ack(lease)).toBe(false);
    });

    test("an extended lease is not taken over before its new end", async () => {
      await queue.enqueue("long", 1);
      const lease = await takeOne();
      clock.jump(VISIBILITY_MS - 1);
      const extended = await queue.extend(lease, VISIBILITY_MS);
      expect(extended).toEqual({ ...lease, leaseUntilMs: clock.now() + VISIBILITY_MS });
      clock.jump(VISIBILITY_MS - 1);
      expect(await take()).toEqual([]);
      expect(await queue.ack(extended!)).toBe(true);
    });

    test("a delayed job waits for its time", async () => {
      await queue.enqueue("later", 1, { delayMs: 5_000 });
      expect(await queue.stats()).toEqual({ ready: 0, delayed: 1, leased: 0, dead: 0 });
      clock.jump(4_999);
      expect(await take()).toEqual([]);
      clock.jump(1);
      expect(await queue.stats()).toEqual({ ready: 1, delayed: 0, leased: 0, dead: 0 });
      expect(await take()).toHaveLength(1);
    });

    test("a retried job comes again after its delay, and is buried when its deliveries are used up", async () => {
      const { id } = await queue.enqueue("hard", { n: 1 }, { maxAttempts: 2 });
      const first = await takeOne();
      expect(await queue.retry(first, 1_000, "store slow")).toBe(true);
      expect(await queue.ack(first)).toBe(false);
      expect(await queue.stats()).toEqual({ ready: 0, delayed: 1, leased: 0, dead: 0 });
      clock.jump(1_000);
      const second = await takeOne();
      expect(second.attempt).toBe(2);
      expect(await queue.retry(second, 1_000, "store gone — ЧП")).toBe(true);
      expect(await queue.stats()).toEqual({ ready: 0, delayed: 0, leased: 0, dead: 1 });
      expect(await queue.deadLetters(10)).toEqual([
        { id, key: "hard", payload: { n: 1 }, attempts: 2, error: "store gone — ЧП", atMs: clock.now() },
      ]);
    });

    test("a retry without delay is ready at once", async () => {
      await queue.enqueue("again", 1);
      await queue.retry(await takeOne(), 0, "try again");
      expect((await takeOne()).attempt).toBe(2);
    });

    test("a postponed job comes again after its delay, however often, and no delivery is counted", async () => {
      await queue.enqueue("patient", 1, { maxAttempts: 2 });
      for (let n = 0; n < 5; n++) {
        const lease = await takeOne();
        expect(lease.attempt).toBe(1);
        expect(await queue.postpone(lease, 1_000, "store away")).toBe(true);
        expect(await queue.postpone(lease, 1_000, "late")).toBe(false);
        expect(await queue.stats()).toEqual({ ready: 0, delayed: 1, leased: 0, dead: 0 });
        clock.jump(1_000);
      }
      const lease = await takeOne();
      await queue.postpone(lease, 0, "the worker stopped");
      expect((await takeOne()).attempt).toBe(1);
    });

    test("a job whose workers all die is buried instead of delivered once more than allowed", async () => {
      await queue.enqueue("poison", 1, { maxAttempts: 2 });
      await queue.enqueue("fine", 2);
      await takeOne();
      clock.jump(VISIBILITY_MS);
      expect((await take()).map(({ key }) => key).sort()).toEqual(["fine", "poison"]);
      clock.jump(VISIBILITY_MS);
      expect((await take()).map(({ key }) => key)).toEqual(["fine"]);
      const [letter] = await queue.deadLetters(10);
      expect(letter).toMatchObject({ key: "poison", attempts: 2 });
      expect(letter!.error).not.toBe("");
    });

    test("used-up jobs in front do not hide good ones behind them", async () => {
      for (const key of ["p1", "p2", "p3"]) await queue.enqueue(key, 1, { maxAttempts: 1 });
      await take();
      clock.jump(VISIBILITY_MS);
      await queue.enqueue("good", 1);
      expect((await take(1)).map(({ key }) => key)).toEqual(["good"]);
      expect((await queue.stats()).dead).toBe(3);
    });

    test("a buried job can be revived as a fresh one", async () => {
      const { id } = await queue.enqueue("bad", { n: 1 });
      expect(await queue.bury(await takeOne(), "not a picture")).toBe(true);
      expect(await queue.revive("unknown")).toBe(false);
      expect(await queue.revive(id)).toBe(true);
      expect(await queue.revive(id)).toBe(false);
      expect(await queue.deadLetters(10)).toEqual([]);
      expect(await takeOne()).toMatchObject({ id, attempt: 1, payload: { n: 1 } });
    });

    test("dead letters come latest first, as many as asked for", async () => {
      for (const key of ["a", "b", "c"]) {
        await queue.enqueue(key, 1);
        await queue.bury(await takeOne(), key);
        clock.jump(10);
      }
      expect((await queue.deadLetters(2)).map(({ key }) => key)).toEqual(["c", "b"]);
    });

    test("two takers at once share 1,000 jobs and get none twice", async () => {
      const other = await open();
      await Promise.all(Array.from({ length: 1_000 }, (_, n) => queue.enqueue(`job ${n}`, n)));
      const seen: number[] = [];
      const drain = async (from: Queue) => {
        for (let leases = await take(7, from); leases.length > 0; leases = await take(7, from)) {
          seen.push(...leases.map(({ payload }) => payload as number));
          for (const acked of await Promise.all(leases.map((lease) => from.ack(lease))))
            expect(acked).toBe(true);
        }
      };
      await Promise.all([drain(queue), drain(other), drain(queue), drain(other)]);
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
      expect(await queue.stats()).toEqual({ ready: 0, delayed: 0, leased: 0, dead: 0 });
    });

    test("a waiting taker gets a job that comes meanwhile, from this process or another", async () => {
      const other = await open();
      for (const from of [queue, other]) {
        const waiting = queue.take(1, { visibilityMs: VISIBILITY_MS, waitMs: 60_000 });
        await clock.whenSleeping();
        await from.enqueue(from === queue ? "own" : "foreign", 1);
        expect(await clock.runUntil(waiting)).toHaveLength(1);
      }
    });

    test("a waiting taker sees a delay end and a lease run out", async () => {
      await queue.enqueue("delayed", 1, { delayMs: 2_000 });
      const startMs = clock.now();
      const [lease] = await clock.runUntil(queue.take(1, { visibilityMs: VISIBILITY_MS, waitMs: 60_000 }));
      expect(clock.now() - startMs).toBeGreaterThanOrEqual(2_000);
      const [again] = await clock.runUntil(queue.take(1, { visibilityMs: 1_000, waitMs: 60_000 }));
      expect(again).toMatchObject({ id: lease!.id, attempt: 2 });
      expect(clock.now()).toBeGreaterThanOrEqual(lease!.leaseUntilMs);
    });

    test("waits no longer than asked, and ends at once when aborted or closed", async () => {
      const startMs = clock.now();
      expect(await clock.runUntil(queue.take(1, { visibilityMs: 1, waitMs: 3_000 }))).toEqual([]);
      expect(clock.now() - startMs).toBe(3_000);

      const controller = new AbortController();
      const aborted = queue.take(1, { visibilityMs: 1, waitMs: 60_000, signal: controller.signal });
      await clock.whenSleeping();
      controller.abort();
      await expect(aborted).rejects.toMatchObject({ code: "aborted" });

      const closed = queue.take(1, { visibilityMs: 1, waitMs: 60_000 });
      await clock.whenSleeping();
      await queue.close();
      expect(await closed).toEqual([]);
    });

    test("calls back each time the ready jobs fall to the watermark after having been above it", async () => {
      let calls = 0;
      const watching = queue.onLow(1, () => calls++);
      await queue.enqueue("a", 1);
      expect(calls).toBe(0);
      await queue.enqueue("b", 1);
      await queue.enqueue("c", 1);
      await takeOne();
      expect(calls).toBe(0);
      await takeOne();
      expect(calls).toBe(1);
      await takeOne();
      expect(calls).toBe(1);
      await queue.enqueue("d", 1);
      await queue.enqueue("e", 1);
      await take();
      expect(calls).toBe(2);

      watching[Symbol.dispose]();
      await queue.enqueue("f", 1);
      await queue.enqueue("g", 1);
      await take();
      expect(calls).toBe(2);
    });

    test("notices that another process has taken jobs down to the watermark", async () => {
      const other = await open();
      const low = Promise.withResolvers<void>();
      using _watching = queue.onLow(0, low.resolve);
      await queue.enqueue("a", 1);
      await take(10, other);
      await clock.runUntil(low.promise);
    });

    test("takes times with fractions of a millisecond", async () => {
      clock.jump(0.25);
      await queue.enqueue("fraction", 1, { delayMs: 0.5 });
      clock.jump(0.75);
      const [lease] = await queue.take(1, { visibilityMs: 10.5, waitMs: 0 });
      expect(await queue.extend(lease!, 20.25)).not.toBeNull();
      expect(await queue.retry(lease!, 0.1, "again")).toBe(true);
    });

    test("10,000 jobs go in and come out", async () => {
      await Promise.all(Array.from({ length: 10_000 }, (_, n) => queue.enqueue(`many ${n}`, n)));
      expect((await queue.stats()).ready).toBe(10_000);
      let taken = 0;
      for (let leases = await take(500); leases.length > 0; leases = await take(500)) {
        taken += leases.length;
        await Promise.all(leases.map((lease) => queue.ack(lease)));
      }
      expect(taken).toBe(10_000);
    });

    test("starting again keeps what is there", async () => {
      await queue.enqueue("kept", 1);
      await queue.start();
      const other = await open();
      expect((await takeOne(other)).key).toBe("kept");
    });
  });
}

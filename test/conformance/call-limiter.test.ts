import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMemoryCallLimiter } from "../../server/adapters/memory/call-limiter.ts";
import { createRedisCallLimiter } from "../../server/adapters/redis/call-limiter.ts";
import type { CallLimiter } from "../../server/services/ports/call-limiter.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { describeReal, real } from "../support/real-components.ts";
import { removeRedisKeys } from "../support/redis-keys.ts";

const LIMIT = { perSecond: 10, burst: 5 };

/** What every `CallLimiter` does. `open` answers another one on the same buckets where they are shared. */
function describeCallLimiter(
  title: string,
  { shared }: { readonly shared: boolean },
  fixture: () => { open(clock: FakeClock): CallLimiter; remove(): Promise<void> },
): void {
  describe(title, () => {
    let clock: FakeClock;
    let limiter: CallLimiter;
    let made: ReturnType<typeof fixture>;
    beforeEach(() => {
      clock = new FakeClock();
      made = fixture();
      limiter = made.open(clock);
    });
    afterEach(async () => {
      await limiter.close();
      await made.remove();
    });
    const allowed = async (count: number, key = "k", by = [limiter]) => {
      const verdicts = await Promise.all(
        Array.from({ length: count }, (_, n) => by[n % by.length]!.take(key, LIMIT)),
      );
      return verdicts.filter((verdict) => verdict.allowed).length;
    };

    test("lets a burst in, then as many as the rate gives", async () => {
      expect(await allowed(20)).toBe(5);
      clock.jump(1_000);
      expect(await allowed(20)).toBe(5);
      clock.jump(200);
      expect(await allowed(20)).toBe(2);
    });

    test("says how long to wait, and lets in whoever waits so long", async () => {
      await allowed(5);
      const { allowed: let_in, retryAfterMs } = await limiter.take("k", LIMIT);
      expect({ let_in, retryAfterMs }).toEqual({ let_in: false, retryAfterMs: 100 });
      clock.jump(retryAfterMs - 1);
      expect(await allowed(1)).toBe(0);
      clock.jump(1);
      expect(await allowed(1)).toBe(1);
    });

    test("keeps each key to itself", async () => {
      expect(await allowed(20, "a")).toBe(5);
      expect(await allowed(20, "b")).toBe(5);
    });

    test("never gives back what a clock that goes backwards takes", async () => {
      expect(await allowed(20)).toBe(5);
      clock.jump(-60_000);
      expect(await allowed(5)).toBe(0);
    });

    test("lets in no more than burst and rate allow, however calls and time mix", async () => {
      const steps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 700 })), { maxLength: 60 });
      await fc.assert(
        fc.asyncProperty(steps, async (pauses) => {
          const key = randomUUID();
          let passedMs = 0;
          let let_in = 0;
          for (const pauseMs of pauses) {
            clock.jump(pauseMs);
            passedMs += pauseMs;
            if ((await limiter.take(key, LIMIT)).allowed) let_in++;
            expect(let_in).toBeLessThanOrEqual(LIMIT.burst + (passedMs * LIMIT.perSecond) / 1000 + 1e-6);
          }
        }),
        { numRuns: 25 },
      );
    });

    if (shared)
      test("counts calls of two servers together", async () => {
        const other = made.open(clock);
        expect(await allowed(20, "k", [limiter, other])).toBe(5);
        await other.close();
      });
  });
}

describeCallLimiter("calls counted in memory", { shared: false }, () => ({
  open: (clock) => createMemoryCallLimiter({ clock }),
  remove: async () => {},
}));

describeReal("with Redis", ["redis"], () =>
  describeCallLimiter("calls counted on Redis", { shared: true }, () => {
    const url = real("redis")!;
    const name = `test-${randomUUID()}`;
    return {
      open: (clock) => createRedisCallLimiter({ url, name, clock }),
      remove: () => removeRedisKeys(url, `platemark:calls:${name}`),
    };
  }),
);

test("calls counted in memory keep no more buckets than they are told, and forget the one not used for longest", async () => {
  const limiter = createMemoryCallLimiter({ clock: new FakeClock() }, { maxBuckets: 2 });
  const one = { perSecond: 1, burst: 1 };
  for (const key of ["a", "b", "a", "c"]) await limiter.take(key, one);
  expect((await limiter.take("a", one)).allowed).toBe(false);
  expect((await limiter.take("b", one)).allowed).toBe(true);
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RateLimiter } from "../../server/services/ports/rate-limiter.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

export interface RateLimiterFixture {
  /** Another limiter on the same limit, as another process would have it, of 5 a second or as said. */
  open(deps: { readonly clock: FakeClock; readonly perSecond: number }): Promise<RateLimiter>;
  /** After all limiters are closed. */
  remove(): Promise<void>;
}

/** What every `RateLimiter` with a limit does. `shared`: its limit holds over processes. */
export function describeRateLimiter(
  title: string,
  { shared }: { readonly shared: boolean },
  makeFixture: () => Promise<RateLimiterFixture>,
): void {
  describe(title, () => {
    let fixture: RateLimiterFixture;
    let clock: FakeClock;
    let limiter: RateLimiter;
    let opened: RateLimiter[];

    const open = async (perSecond = 5) => {
      const another = await fixture.open({ clock, perSecond });
      opened.push(another);
      return another;
    };
    /** When each of `count` starts came, in milliseconds from now. */
    const starts = async (count: number, from: readonly RateLimiter[] = [limiter]) => {
      const startMs = clock.now();
      const times: number[] = [];
      const all = Array.from({ length: count }, async (_, n) => {
        await from[n % from.length]!.acquire();
        times.push(clock.now() - startMs);
      });
      // All but the first have been told their start before time goes on: an answer that is late is no start too many.
      await clock.whenSleeping(count - 1);
      await clock.runUntil(Promise.all(all));
      return times;
    };

    beforeEach(async () => {
      fixture = await makeFixture();
      clock = new FakeClock();
      opened = [];
      limiter = await open();
    });
    afterEach(async () => {
      await Promise.all(opened.map((each) => each.close()));
      await fixture.remove();
    });

    test("lets five a second start, evenly, the first at once", async () => {
      const startMs = clock.now();
      for (let n = 0; n < 6; n++) {
        await clock.runUntil(limiter.acquire());
        expect(clock.now() - startMs).toBe(n * 200);
      }
    });

    test("does not save up starts while nobody asks", async () => {
      await limiter.acquire();
      clock.jump(60_000);
      const startMs = clock.now();
      for (let n = 0; n < 3; n++) await clock.runUntil(limiter.acquire());
      expect(clock.now() - startMs).toBe(400);
    });

    if (shared)
      test("many who ask at once from two processes share the limit", async () => {
        const times = await starts(20, [limiter, await open()]);
        expect(times.at(-1)).toBeGreaterThanOrEqual(19 * 200);
        for (const from of times)
          expect(times.filter((time) => time >= from && time < from + 1_000).length).toBeLessThanOrEqual(5);
      });

    test("keeps to rates whose interval is no whole number of milliseconds", async () => {
      const times = await starts(7, [await open(3)]);
      expect(times.at(-1)).toBeGreaterThanOrEqual(1_999);
      expect(times.at(-1)).toBeLessThanOrEqual(2_001);
    });

    test("an aborted wait rejects, and its place is not lost when nobody stands behind it", async () => {
      await limiter.acquire();
      const controller = new AbortController();
      const waiting = limiter.acquire({ signal: controller.signal });
      await clock.whenSleeping();
      controller.abort();
      await expect(waiting).rejects.toMatchObject({ code: "aborted" });
      await expect(limiter.acquire({ signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
      const startMs = clock.now();
      await clock.runUntil(limiter.acquire());
      expect(clock.now() - startMs).toBe(200);
    });

    test("closing ends the wait", async () => {
      await limiter.acquire();
      const waiting = limiter.acquire();
      await clock.whenSleeping();
      await limiter.close();
      await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    });

    test("refuses a limit that lets nothing through", async () => {
      await expect(open(0)).rejects.toMatchObject({ code: "invalid_argument" });
    });
  });
}

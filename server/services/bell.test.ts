import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { Bell } from "./bell.ts";

describe("the bell", () => {
  test("wakes all who wait, and does not lose a ring between looking and waiting", async () => {
    const clock = new FakeClock();
    const bell = new Bell();
    const waiting = [bell.wait(bell.rings, 1_000, clock), bell.wait(bell.rings, 1_000, clock)];
    const seen = bell.rings;
    bell.ring();
    await Promise.all([...waiting, bell.wait(seen, 1_000, clock)]);
    expect(clock.sleeping).toBe(0);
  });

  test("ends a wait by time and by abort", async () => {
    const clock = new FakeClock();
    const bell = new Bell();
    const byTime = bell.wait(bell.rings, 1_000, clock);
    await clock.advance(1_000);
    await byTime;
    const stop = new AbortController();
    const byAbort = bell.wait(bell.rings, 1_000, clock, stop.signal);
    stop.abort();
    await byAbort;
    expect(clock.sleeping).toBe(0);
  });
});

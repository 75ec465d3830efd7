import { describe, expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { SeededRandom } from "./seeded-random.ts";

describe("fake clock", () => {
  test("wakes sleepers in the order of their times, each at its own time", async () => {
    const clock = new FakeClock(0);
    const woken: string[] = [];
    void clock.sleep(30).then(() => woken.push(`b${clock.now()}`));
    void clock.sleep(10).then(() => woken.push(`a${clock.now()}`));
    void clock.sleep(99).then(() => woken.push("too late"));
    await clock.advance(50);
    expect(woken).toEqual(["a10", "b30"]);
    expect(clock.now()).toBe(50);
    expect(clock.nextWakeMs).toBe(49);
  });

  test("an aborted sleep rejects and no longer counts", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleep = clock.sleep(1_000, { signal: controller.signal });
    await clock.whenSleeping();
    controller.abort();
    await expect(sleep).rejects.toMatchObject({ code: "aborted" });
    expect(clock.sleeping).toBe(0);
  });

  test("runs from sleep to sleep until the work is done", async () => {
    const clock = new FakeClock(0);
    const work = async () => {
      for (let round = 0; round < 5; round++) await clock.sleep(100);
      return clock.now();
    };
    expect(await clock.runUntil(work())).toBe(500);
  });
});

describe("seeded random", () => {
  test("repeats itself for the same seed, and makes well-formed UUIDs", () => {
    const [a, b, other] = [new SeededRandom(7), new SeededRandom(7), new SeededRandom(8)];
    const uuid = a.uuid();
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(b.uuid()).toBe(uuid);
    expect(other.uuid()).not.toBe(uuid);
    expect(a.float()).toBe(b.float());
  });
});

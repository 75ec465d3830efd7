import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ItemView, JobView } from "#contracts/ipc.ts";
import { EventHub } from "./event-hub.ts";

const source = {
  job: (id: string) => ({ id }) as JobView,
  items: (ids: readonly string[]) => ids.map((id) => ({ id }) as ItemView),
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function listen(hub: EventHub) {
  const told: { event: string; items: number }[] = [];
  hub.subscribe((event, payload) =>
    told.push({ event, items: "items" in payload ? payload.items.length : 0 }),
  );
  return told;
}

describe("events to windows", () => {
  test("come at most ten times a second for a job, whatever happens", () => {
    using hub = new EventHub(source);
    const told = listen(hub);
    for (let ms = 0; ms < 3_000; ms += 5) {
      hub.changed("job", [String(ms)]);
      vi.advanceTimersByTime(5);
    }
    expect(told.length).toBeGreaterThan(20);
    expect(told.length).toBeLessThanOrEqual(30);
  });

  test("name each changed picture once, five hundred at most in one event, and leave none out", () => {
    using hub = new EventHub(source);
    const told = listen(hub);
    const ids = Array.from({ length: 1_200 }, (_, n) => String(n));
    hub.changed("job", ids);
    hub.changed("job", ids);
    vi.advanceTimersByTime(2_000);
    const items = told.filter(({ event }) => event === "items.changed").map((event) => event.items);
    expect(items).toEqual([500, 500, 200]);
    expect(told.at(-1)?.event).toBe("job.changed");
  });

  test("are told at once when a job ends, and to nobody who has left", () => {
    using hub = new EventHub(source);
    const told = listen(hub);
    const left: string[] = [];
    hub.subscribe((event) => left.push(event))();
    hub.changed("job", ["1"]);
    hub.flush("job");
    expect(told.map(({ event }) => event)).toEqual(["items.changed", "job.changed"]);
    expect(left).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(told).toHaveLength(2);
  });
});

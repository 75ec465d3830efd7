import { describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { Combiner } from "./combiner.ts";

describe("group commit", () => {
  test("runs what comes during a batch together as the next one, in order", async () => {
    const batches: (readonly number[])[] = [];
    const gate = Promise.withResolvers<void>();
    const combiner = new Combiner<number, number>(async (items) => {
      batches.push(items);
      if (batches.length === 1) await gate.promise;
      return items.map((item) => item * 10);
    });
    const first = combiner.submit(1);
    await new Promise((resolve) => setImmediate(resolve));
    const later = [2, 3, 4].map((item) => combiner.submit(item));
    gate.resolve();
    expect(await first).toBe(10);
    expect(await Promise.all(later)).toEqual([20, 30, 40]);
    expect(batches).toEqual([[1], [2, 3, 4]]);
  });

  test("keeps batches to their largest size", async () => {
    const sizes: number[] = [];
    const combiner = new Combiner<number, number>(
      async (items) => {
        sizes.push(items.length);
        return items;
      },
      { maxItems: 4 },
    );
    await Promise.all(Array.from({ length: 10 }, (_, item) => combiner.submit(item)));
    expect(sizes).toEqual([4, 4, 2]);
  });

  test("starts anew after it fell idle, also for a call made in the same turn as the last answer", async () => {
    const combiner = new Combiner<number, number>(async (items) => items);
    const chained = combiner.submit(1).then(() => combiner.submit(2));
    expect(await chained).toBe(2);
    await combiner.idle();
    expect(await combiner.submit(3)).toBe(3);
  });

  test("an outcome that is an error rejects its own call only", async () => {
    const combiner = new Combiner<number, number>(async (items) =>
      items.map((item) => (item === 2 ? new AppError("conflict", "No.") : item)),
    );
    const [one, two] = await Promise.allSettled([combiner.submit(1), combiner.submit(2)]);
    expect(one).toEqual({ status: "fulfilled", value: 1 });
    expect(two).toMatchObject({ status: "rejected", reason: { code: "conflict" } });
  });

  test("when a batch fails as a whole, only the call at fault fails in the end", async () => {
    const combiner = new Combiner<number, number>(async (items) => {
      if (items.includes(2)) throw new Error("two is bad");
      return items;
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => combiner.submit(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("when the database is away, every call of the batch fails at once", async () => {
    let runs = 0;
    const combiner = new Combiner<number, number>(async () => {
      runs++;
      throw new AppError("unavailable", "Away.", { retry: "backoff" });
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => combiner.submit(item)));
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
    expect(runs).toBe(1);
  });
});

import { describe, expect, test } from "vitest";
import { ByteBudget } from "./byte-budget.ts";

describe("ByteBudget", () => {
  test("lets the next in when bytes are given back, in the order of asking", async () => {
    const budget = new ByteBudget(100);
    const first = await budget.acquire(80);
    const order: string[] = [];
    const large = budget.acquire(60).then((held) => {
      order.push("large");
      return held;
    });
    const small = budget.acquire(10).then((held) => {
      order.push("small");
      return held;
    });
    await Promise.resolve();
    expect(order).toEqual([]);
    first[Symbol.dispose]();
    await Promise.all([large, small]);
    expect(order).toEqual(["large", "small"]);
    expect(budget.held).toBe(70);
  });

  test("admits what is larger than the whole budget, alone", async () => {
    const budget = new ByteBudget(100);
    const small = await budget.acquire(1);
    let admitted = false;
    const huge = budget.acquire(5000).then((held) => {
      admitted = true;
      return held;
    });
    await Promise.resolve();
    expect(admitted).toBe(false);
    small[Symbol.dispose]();
    using _held = await huge;
    expect(budget.held).toBe(5000);
  });

  test("an aborted request holds nothing and does not block those behind it", async () => {
    const budget = new ByteBudget(10);
    const first = await budget.acquire(10);
    const abort = new AbortController();
    const blocked = budget.acquire(10, { signal: abort.signal });
    const behind = budget.acquire(1);
    abort.abort();
    await expect(blocked).rejects.toMatchObject({ code: "aborted" });
    first[Symbol.dispose]();
    await behind;
    expect(budget.held).toBe(1);
  });

  test("giving back twice counts once", async () => {
    const budget = new ByteBudget(10);
    const held = await budget.acquire(5);
    held[Symbol.dispose]();
    held[Symbol.dispose]();
    expect(budget.held).toBe(0);
  });
});

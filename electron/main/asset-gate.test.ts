import { describe, expect, test } from "vitest";
import { AssetGate } from "./asset-gate.ts";

const never = new AbortController().signal;

function startMany(gate: AssetGate, count: number, signal = never) {
  const started: number[] = [];
  const ends: PromiseWithResolvers<number>[] = [];
  const results = Array.from({ length: count }, (_, index) => {
    const end = Promise.withResolvers<number>();
    ends.push(end);
    return gate.run(signal, () => {
      started.push(index);
      return end.promise;
    });
  });
  return { started, ends, results };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("AssetGate", () => {
  test("asks for eight at once, and for the newest of the waiting next", async () => {
    const { started, ends, results } = startMany(new AssetGate(), 12);
    await turn();
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    ends[3]!.resolve(3);
    await results[3];
    await turn();
    expect(started.at(-1)).toBe(11);
    ends.forEach((end, index) => {
      end.resolve(index);
    });
    expect(await Promise.all(results)).toEqual(Array.from({ length: 12 }, (_, index) => index));
  });

  test("keeps its places when work fails", async () => {
    const gate = new AssetGate();
    for (let index = 0; index < 20; index += 1)
      await gate.run(never, () => Promise.reject(new Error("no picture"))).catch(() => {});
    expect(await gate.run(never, async () => "still there")).toBe("still there");
  });

  test("never asks for what was given up while it waited", async () => {
    const gate = new AssetGate();
    const busy = startMany(gate, 8);
    const leaving = new AbortController();
    const { started, results } = startMany(gate, 1, leaving.signal);
    leaving.abort();
    await expect(results[0]).rejects.toMatchObject({ code: "aborted" });
    busy.ends[0]!.resolve(0);
    await busy.results[0];
    await turn();
    expect(started).toEqual([]);
  });

  test("refuses more than a thousand waiting", async () => {
    const { results } = startMany(new AssetGate(), 1_009);
    await expect(results.at(-1)).rejects.toMatchObject({ code: "resource_exhausted", retry: "backoff" });
  });
});

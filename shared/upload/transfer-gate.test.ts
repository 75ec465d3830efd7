import { describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { SeededRandom } from "../../test/fakes/seeded-random.ts";
import { TransferGate } from "./transfer-gate.ts";

const never = new AbortController().signal;
const slowDown = () => new AppError("store.slow_down", "503", { retry: "backoff" });

function held() {
  const tasks: { resolve: () => void; reject: (error: AppError) => void }[] = [];
  const task = () => new Promise<void>((resolve, reject) => tasks.push({ resolve, reject }));
  return { tasks, task };
}

describe("the gate to a store", () => {
  test("lets as many requests through as it is told, the others in the order they came", async () => {
    const gate = new TransferGate({ clock: new FakeClock(), random: new SeededRandom() }, { concurrency: 2 });
    const { tasks, task } = held();
    const runs = [1, 2, 3, 4].map(() => gate.run(task, { signal: never }));
    await expect.poll(() => tasks.length).toBe(2);
    tasks[0]!.resolve();
    await runs[0];
    await expect.poll(() => tasks.length).toBe(3);
    for (let n = 1; n < 4; n++) {
      await expect.poll(() => tasks.length).toBeGreaterThan(n);
      tasks[n]!.resolve();
    }
    await Promise.all(runs);
    expect(tasks).toHaveLength(4);
  });

  test("slows all requests down when the store asks one of them to, and speeds up again with success", async () => {
    const clock = new FakeClock();
    const gate = new TransferGate({ clock, random: new SeededRandom() }, { concurrency: 8 });
    const { tasks, task } = held();
    const limited = gate.run(task, { signal: never });
    await expect.poll(() => tasks.length).toBe(1);
    tasks[0]!.reject(slowDown());
    await clock.whenSleeping(1);
    expect(gate.limit).toBe(4);
    const other = gate.run(task, { signal: never });
    await clock.whenSleeping(2);
    expect(tasks).toHaveLength(1);
    await clock.advance(2_000);
    expect(tasks).toHaveLength(3);
    for (const { resolve } of tasks) resolve();
    await Promise.all([limited, other]);
    for (let n = 0; n < 64; n++) await gate.run(async () => {}, { signal: never });
    expect(gate.limit).toBe(8);
  });

  test("counts several 503 of one moment as one", async () => {
    const clock = new FakeClock();
    const gate = new TransferGate({ clock, random: new SeededRandom() }, { concurrency: 8 });
    const { tasks, task } = held();
    const runs = Array.from({ length: 8 }, () => gate.run(task, { signal: never }));
    await expect.poll(() => tasks.length).toBe(8);
    for (const { reject } of tasks.splice(0)) reject(slowDown());
    await clock.whenSleeping(8);
    expect(gate.limit).toBe(4);
    const all = Promise.all(runs);
    const answer = setInterval(() => {
      for (const { resolve } of tasks.splice(0)) resolve();
    });
    await clock.runUntil(all).finally(() => clearInterval(answer));
  });

  test("waits out a network that is away, however long, and gives up on a store that keeps answering 500", async () => {
    const clock = new FakeClock();
    const gate = new TransferGate({ clock, random: new SeededRandom() }, { concurrency: 1 });
    const troubles: (string | null)[] = [];
    let calls = 0;
    await clock.runUntil(
      gate.run(
        async () => {
          if (++calls <= 50) throw new AppError("store.unreachable", "Away.", { retry: "backoff" });
        },
        { signal: never, onTrouble: (error) => troubles.push(error?.code ?? null) },
      ),
    );
    expect(calls).toBe(51);
    expect([troubles[0], troubles.at(-1)]).toEqual(["store.unreachable", null]);

    calls = 0;
    const broken = async () => {
      calls++;
      throw new AppError("store.unreachable", "500", { retry: "backoff", details: { status: 500 } });
    };
    await expect(clock.runUntil(gate.run(broken, { signal: never }))).rejects.toMatchObject({
      code: "store.unreachable",
    });
    expect(calls).toBe(6);
  });

  test("leaves the queue when its signal fires", async () => {
    const gate = new TransferGate({ clock: new FakeClock(), random: new SeededRandom() }, { concurrency: 1 });
    const { tasks, task } = held();
    const first = gate.run(task, { signal: never });
    const stop = new AbortController();
    const second = gate.run(task, { signal: stop.signal });
    await expect.poll(() => tasks.length).toBe(1);
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: "aborted" });
    tasks[0]!.resolve();
    await first;
    await gate.run(async () => {}, { signal: never });
  });
});

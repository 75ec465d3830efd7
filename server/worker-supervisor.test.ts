import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../test/fakes/fake-clock.ts";
import { RecordingLogger } from "../test/fakes/recording-logger.ts";
import { SeededRandom } from "../test/fakes/seeded-random.ts";
import type { WorkerSettings } from "./connection-settings.ts";
import { type WorkerProcess, WorkerSupervisor } from "./worker-supervisor.ts";

const settings = { logLevel: "silent" } as WorkerSettings;

class ScriptedWorker implements WorkerProcess {
  readonly pid = 1;
  readonly received: unknown[] = [];
  kills = 0;
  say!: (message: unknown) => void;
  end!: (code: number | null) => void;
  stubborn = false;

  postMessage(message: unknown): void {
    this.received.push(message);
  }
  onMessage(listener: (message: unknown) => void): void {
    this.say = listener;
  }
  onExit(listener: (code: number | null) => void): void {
    this.end = listener;
  }
  kill(): void {
    this.kills++;
    if (!this.stubborn || this.kills > 1) this.end(null);
  }
}

describe("the supervisor of workers", () => {
  let clock: FakeClock;
  let workers: ScriptedWorker[];
  let told: string[];
  let supervisor: WorkerSupervisor;
  const supervise = (
    count: number,
    behave: (worker: ScriptedWorker) => void = (worker) => worker.say({ type: "ready" }),
  ) => {
    const spawn = () => {
      const worker = new ScriptedWorker();
      workers.push(worker);
      queueMicrotask(() => behave(worker));
      return worker;
    };
    const reports = {
      pictures: (state: string, count: number) => void told.push(`${state} ${count}`),
      ended: () => void told.push("ended"),
    };
    const deps = { spawn, clock, random: new SeededRandom(), logger: new RecordingLogger(), reports };
    supervisor = new WorkerSupervisor(deps, { settings, workers: count });
    return supervisor.start();
  };
  beforeEach(() => {
    clock = new FakeClock();
    workers = [];
    told = [];
  });
  afterEach(async () => supervisor[Symbol.asyncDispose]());

  test("starts each with its settings, and waits until all are ready", async () => {
    await supervise(2);
    expect(workers.map(({ received }) => received)).toEqual([
      [{ type: "start", settings }],
      [{ type: "start", settings }],
    ]);
  });

  test("starts a dead one again, later each time it dies young", async () => {
    await supervise(1);
    const pauses: number[] = [];
    for (let death = 0; death < 4; death++) {
      workers.at(-1)!.end(1);
      await clock.whenSleeping();
      await expect.poll(() => clock.nextWakeMs).not.toBeNull();
      pauses.push(clock.nextWakeMs!);
      await clock.advance(clock.nextWakeMs!);
      await expect.poll(() => workers.length).toBe(death + 2);
    }
    expect(pauses[3]!).toBeGreaterThan(pauses[0]!);
  });

  test("fails with the worker's own reason when it cannot start, and leaves none running", async () => {
    const failing = supervise(1, (worker) =>
      worker.say({ type: "error", error: { code: "config.invalid", message: "No such database." } }),
    );
    await expect(failing).rejects.toMatchObject({ code: "config.invalid", message: "No such database." });
    expect(workers).toHaveLength(1);
    expect(workers[0]!.kills).toBe(1);
  });

  test("gives up one that does not become ready", async () => {
    const failing = supervise(1, () => {});
    failing.catch(() => {});
    await clock.advance(30_000);
    await expect(failing).rejects.toMatchObject({ code: "unavailable" });
  });

  test("passes on what they tell of pictures, and that one has ended", async () => {
    await supervise(1);
    workers[0]!.say({ type: "pictures", counts: { marked: 3, failed: 1, nonsense: 9, marking: "x" } });
    workers[0]!.end(1);
    expect(told).toEqual(["marked 3", "failed 1", "ended"]);
  });

  test("asks them to end when it is disposed, and insists after a while", async () => {
    await supervise(2);
    workers[0]!.stubborn = true;
    const disposed = supervisor[Symbol.asyncDispose]();
    await expect.poll(() => workers[1]!.kills).toBe(1);
    expect(workers[0]!.kills).toBe(1);
    await clock.advance(10_000);
    await disposed;
    expect(workers[0]!.kills).toBe(2);
    expect(workers).toHaveLength(2);
  });
});

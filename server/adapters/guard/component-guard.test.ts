import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import { silentLogger } from "#kernel/logger.ts";
import { noTracer } from "#kernel/tracer.ts";
import type { BreakerState } from "../../services/ports/component-observer.ts";
import { ComponentGuard, FAILURES_IN_A_ROW, type GuardOptions } from "./component-guard.ts";

interface Asked {
  ask(answer: () => Promise<string>): Promise<string>;
  other(): string;
}

function guarded(options: Partial<GuardOptions> = {}) {
  const states: BreakerState[] = [];
  const outcomes: string[] = [];
  let asked = 0;
  const port: Asked = {
    ask(answer) {
      asked++;
      return answer();
    },
    other: () => "straight",
  };
  const observer = {
    called: (_component: string, operation: string, outcome: string) =>
      void outcomes.push(`${operation} ${outcome}`),
    breakerIs: (_component: string, state: BreakerState) => void states.push(state),
  };
  const guard = new ComponentGuard(
    { component: "store", awayCode: "store.unreachable", atOnce: 2, restMs: [1_000, 5_000], ...options },
    { clock: systemClock, logger: silentLogger, tracer: noTracer, observer },
  );
  return { port: guard.guard(port, ["ask"]), states, outcomes, asked: () => asked };
}

const failing = (code: ErrorCode) => () => Promise.reject(new AppError(code, "as told"));
const well = async () => "well";

describe("a component's guard", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());

  async function open(port: Asked, code: ErrorCode = "store.unreachable") {
    for (let n = 0; n < FAILURES_IN_A_ROW; n++)
      await expect(port.ask(failing(code))).rejects.toMatchObject({ code });
  }

  test.each<ErrorCode>(["store.unreachable", "unavailable", "deadline_exceeded"])(
    "leaves it alone after five calls in a row that ended with %s, and says so at once",
    async (code) => {
      const { port, states, asked, outcomes } = guarded();
      await open(port, code);
      await expect(port.ask(well)).rejects.toMatchObject({ code: "store.unreachable", retry: "backoff" });
      expect(asked()).toBe(FAILURES_IN_A_ROW);
      expect(states).toEqual(["closed", "open"]);
      expect(outcomes.at(-1)).toBe("ask store.unreachable");
    },
  );

  test.each<ErrorCode>([
    "not_found",
    "store.precondition_failed",
    "conflict",
    "store.slow_down",
    "aborted",
    "internal",
  ])("takes %s for an answer", async (code) => {
    const { port, states } = guarded();
    for (let n = 0; n < 3; n++) await open(port, code);
    expect(await port.ask(well)).toBe("well");
    expect(states).toEqual(["closed"]);
  });

  test("forgets failures when one call gets an answer between them", async () => {
    const { port, states } = guarded();
    for (let n = 0; n < 3; n++) {
      for (let failed = 1; failed < FAILURES_IN_A_ROW; failed++)
        await expect(port.ask(failing("unavailable"))).rejects.toThrow();
      await port.ask(well);
    }
    expect(states).toEqual(["closed"]);
  });

  test("lets one call try after a rest, longer after each that fails, and all when one gets an answer", async () => {
    const { port, states, asked } = guarded();
    await open(port);
    vi.setSystemTime(Date.now() + 1_000);
    await expect(port.ask(failing("unavailable"))).rejects.toThrow("as told");
    vi.setSystemTime(Date.now() + 1_000);
    await expect(port.ask(well)).rejects.toMatchObject({ code: "store.unreachable" });
    vi.setSystemTime(Date.now() + 4_000);
    const probe = Promise.withResolvers<string>();
    const [first, second] = [port.ask(() => probe.promise), port.ask(well)];
    expect(asked()).toBe(FAILURES_IN_A_ROW + 2);
    probe.resolve("back");
    expect(await Promise.all([first, second])).toEqual(["back", "well"]);
    expect(states).toEqual(["closed", "open", "half_open", "open", "half_open", "closed"]);
  });

  test("refuses at once what would wait behind too many", async () => {
    const { port, states } = guarded({ atOnce: 1 });
    const stuck = Promise.withResolvers<string>();
    const waiting = Array.from({ length: 65 }, () => port.ask(() => stuck.promise));
    await expect(port.ask(well)).rejects.toMatchObject({ code: "unavailable", retry: "backoff" });
    stuck.resolve("late");
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["late"]));
    expect(states).toEqual(["closed"]);
  });

  test("does not wait for ever, and takes silence for being away", async () => {
    const { port, states } = guarded({ timeoutMs: 5, atOnce: 10 });
    const silent = Array.from({ length: FAILURES_IN_A_ROW }, () => port.ask(() => new Promise(() => {})));
    for (const { status, ...rest } of await Promise.allSettled(silent))
      expect({ status, ...rest }).toMatchObject({
        status: "rejected",
        reason: { code: "deadline_exceeded" },
      });
    expect(states).toEqual(["closed", "open"]);
  });

  test("does not stand before what it is not told to guard", async () => {
    const { port } = guarded();
    await open(port);
    expect(port.other()).toBe("straight");
  });
});

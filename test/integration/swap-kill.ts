import { fork } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Installation } from "./server-harness.ts";
import { IN_FLIGHT, STEPS } from "./swap-faults.ts";
import { SwapBench } from "./swap-harness.ts";

/** How long a job stays with a worker that is dead. */
const VISIBILITY_MS = 700;

/** A worker that is killed at each step (spec.md S15), whatever the server stands on. */
export function swapKill(name: string, install: () => Promise<Installation>): void {
  describe(`what everybody sees after a worker is killed, on ${name}`, () => {
    let bench: SwapBench;
    beforeAll(async () => {
      bench = await SwapBench.open(install);
    });
    afterAll(() => bench?.[Symbol.asyncDispose]());

    /** Starts a worker and waits for it to kill itself. */
    const killAt = async (step: string) => {
      const program = new URL("./swap-worker.ts", import.meta.url);
      const connections = JSON.stringify(bench.server.connections);
      const child = fork(program, [connections, step, String(VISIBILITY_MS)], { stdio: "inherit" });
      const [code, signal] = await once(child, "exit");
      expect([code, signal]).toEqual([null, "SIGKILL"]);
    };
    const finish = async () => {
      expect(["marked", "dropped"]).toContain(await bench.work());
    };

    test.each([...STEPS, IN_FLIGHT])(
      "is old or new when it dies at “%s”, and new in the end",
      async (step) => {
        const again = await bench.marked("Old");
        const first = await bench.upload("First");
        await killAt(step);
        expect([null, "First"]).toContain(await bench.seen(first));
        await finish();
        expect(await bench.row(first.id)).toMatchObject({ state: "marked" });

        await bench.remark(again, "New");
        await killAt(step);
        expect(["Old", "New"]).toContain(await bench.seen(again));
        await finish();
        expect(await bench.row(again.id)).toMatchObject({ state: "marked" });
        await bench.expectConsistent(first.id, { text: "First", snapshots: [] });
        await bench.expectConsistent(again.id, { text: "New", snapshots: ["Old"] });
      },
    );
  });
}

import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { markSpecSchema } from "#contracts/mark-spec.ts";
import { AppError } from "#kernel/errors.ts";
import { type Random, systemRandom } from "#kernel/random.ts";
import type { MediaRow } from "../../server/services/ports/media-repository.ts";
import type { PublishStep } from "../../server/services/publish-steps.ts";
import { rollBack } from "../../server/services/rollback.ts";
import type { JobOutcome } from "../../server/workers/job-run.ts";
import { FakeMarker } from "../fakes/fake-marker.ts";
import { FakeProver } from "../fakes/fake-prover.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { embeddedInstallation } from "./server-harness.ts";
import { failingAt, gateAt, STEPS, withLostAnswer, withoutRemoval } from "./swap-faults.ts";
import { SwapBench } from "./swap-harness.ts";

/** The shortest backoff there is. */
const random: Random = { uuid: systemRandom.uuid, float: () => 0 };

/** Where an attempt dies, if it does: after a step, or with the answer to its swap lost. */
const death = fc.constantFrom(null, "lost" as const, ...STEPS);
const step = fc.constantFrom(...STEPS);
const simple = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("mark" as const), text: fc.nat(3), death }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("roll" as const), nth: fc.nat(3), death }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("refuse" as const), text: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clean" as const) }) },
);
/** A worker that is held at a step while a second one has its job, or other things are done, or both. */
const overtaken = fc.record({
  kind: fc.constant("overtaken" as const),
  text: fc.nat(3),
  step,
  second: fc.option(death, { nil: undefined }),
  meanwhile: fc.array(simple, { maxLength: 2 }),
});
const deed = fc.oneof({ weight: 3, arbitrary: simple }, { weight: 1, arbitrary: overtaken });
type Deed = typeof deed extends fc.Arbitrary<infer D> ? D : never;

let bench: SwapBench;
beforeAll(async () => {
  bench = await SwapBench.open(embeddedInstallation);
});
afterAll(() => bench[Symbol.asyncDispose]());

/** As a process that may die: nothing is removed once it is dead. */
function dying(death: "lost" | PublishStep | null) {
  if (death === null) return { store: bench.data.store };
  if (death === "lost") return { store: withLostAnswer(withoutRemoval(bench.data.store)) };
  return {
    store: withoutRemoval(bench.data.store),
    steps: failingAt(death),
  };
}

async function isIdle(): Promise<boolean> {
  const { ready, delayed } = await bench.data.queue.stats();
  return ready + delayed + (await bench.data.repository.outbox(1)).length === 0;
}

async function work(overrides: Parameters<SwapBench["work"]>[0] = {}): Promise<JobOutcome | "idle"> {
  return (await isIdle()) ? "idle" : bench.work({ random, ...overrides });
}

async function act(row: MediaRow, deed: Deed, unique: boolean): Promise<void> {
  const marker = new FakeMarker();
  marker.unique = unique;
  switch (deed.kind) {
    case "mark":
      await bench.remark(row, `Text ${deed.text}`);
      await work({ marker, ...dying(deed.death) });
      return;
    case "refuse": {
      const prover = new FakeProver();
      prover.refusal = new AppError("proof.failed", "Block 7 differs.");
      await bench.remark(row, `Text ${deed.text}`);
      await work({ marker, prover });
      return;
    }
    case "roll": {
      const kept = await bench.data.ledger.snapshotsOf(row.id);
      if (kept.length === 0) return;
      const { snapshot } = kept[deed.nth % kept.length]!;
      const deps = { ...bench.data, logger: new RecordingLogger(), ...dying(deed.death) };
      await rollBack(deps, await bench.row(row.id), snapshot, { id: randomUUID() }).catch(() => {});
      return;
    }
    case "overtaken": {
      await bench.remark(row, `Text ${deed.text}`);
      if (await isIdle()) return;
      const lease = await bench.take();
      const gate = gateAt(deed.step);
      const first = bench.work({ marker, random, steps: gate.steps }, lease);
      await Promise.race([gate.arrived, first]);
      if (deed.second !== undefined) await bench.work({ marker, random, ...dying(deed.second) }, lease);
      for (const other of deed.meanwhile) await act(row, other, unique);
      gate.release();
      await first;
      return;
    }
    case "clean":
      await bench.cleanup().pass();
  }
}

/** MODEL_RUNS: how many, for a longer search. */
test("whatever is marked, rolled back and killed, in any order: what is visible is proven, and in the end all agree", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 7 }), fc.boolean(), async (deeds, unique) => {
      const row = await bench.upload("Text 0");
      for (const deed of deeds) {
        await act(row, deed, unique);
        await bench.seen(row);
      }
      while ((await work()) !== "idle");
      expect(await bench.cleanup().pass()).toMatchObject({ failed: 0 });
      const settled = await bench.row(row.id);
      const kept = await bench.data.ledger.snapshotsOf(row.id);
      const texts = await Promise.all(kept.map(({ snapshot }) => bench.text(snapshot.key)));
      const snapshots = texts.map((text) => text.split(" on ")[0]!);
      const text = await bench.seen(row);
      if (settled.state === "marked")
        expect(text).toBe(markSpecSchema.parse(JSON.parse(settled.markSpec)).text);
      await bench.expectConsistent(row.id, { text, snapshots });
    }),
    { numRuns: Number(process.env.MODEL_RUNS ?? 15) },
  );
}, 900_000);

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { type Random, systemRandom } from "#kernel/random.ts";
import { FakeMarker } from "../fakes/fake-marker.ts";
import { FakeProver } from "../fakes/fake-prover.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import type { Installation } from "./server-harness.ts";
import { failingAt, gateAt, STEPS, withLostAnswer, withPublicPut } from "./swap-faults.ts";
import { SwapBench } from "./swap-harness.ts";

/** The shortest backoff there is. */
const random: Random = { uuid: systemRandom.uuid, float: () => 0 };

/** Snapshot, swap, proof and rollback (spec.md S15), whatever the server stands on. */
export function swapFlow(name: string, install: () => Promise<Installation>): void {
  describe(`what everybody sees, on ${name}`, () => {
    let bench: SwapBench;
    beforeAll(async () => {
      bench = await SwapBench.open(install);
    });
    afterAll(() => bench?.[Symbol.asyncDispose]());

    test("is the marked picture once it is proven, with its record beside it", async () => {
      const row = await bench.upload("First");
      expect(await bench.visible(row)).toBeNull();
      expect(await bench.work()).toBe("marked");
      const now = await bench.row(row.id);
      expect(now.published).toMatchObject({
        markSpec: row.markSpec,
        template: "settings",
        proofClass: "exact",
        snapshotKey: null,
      });
      expect(await bench.record(now.published!.proofKey)).toMatchObject({
        original: row.sha256,
        marked: now.published!.sha256,
        markedKey: now.markedKey,
      });
      await bench.expectConsistent(row.id, { text: "First", snapshots: [] });
      const { bucket, endpoint } = bench.server.connections.store;
      expect((await fetch(`${endpoint}/${bucket}/${now.published!.proofKey}`)).status).toBe(403);
    });

    test("is replaced by another mark, and what it was is kept where nobody reads", async () => {
      const row = await bench.marked("First", "Second");
      const { snapshotKey } = row.published!;
      const object = row.markedKey!.replace("watermarked/", "");
      expect(snapshotKey).toMatch(new RegExp(`^snapshots/${object}_v\\d{13}_prewm$`));
      const { bucket, endpoint } = bench.server.connections.store;
      expect((await fetch(`${endpoint}/${bucket}/${snapshotKey}`)).status).toBe(403);
      await bench.expectConsistent(row.id, { text: "Second", snapshots: ["First"] });
    });

    test("stays as it was when the proof fails, and an operator hears of it", async () => {
      const row = await bench.marked("First");
      await bench.remark(row, "Second");
      const prover = new FakeProver();
      prover.refusal = new AppError("proof.failed", "Block 7 differs.");
      const logger = new RecordingLogger();
      expect(await bench.work({ prover, logger })).toBe("failed");
      expect(await bench.row(row.id)).toMatchObject({
        state: "failed",
        errorCode: "proof.failed",
        errorMessage: "Block 7 differs.",
        published: row.published,
      });
      expect(logger.of("proof.failed")).toMatchObject([
        { level: "error", fields: { traceId: row.traceId, objectKey: row.objectKey } },
      ]);
      await bench.expectConsistent(row.id, { text: "First", snapshots: [] });
    });

    test("stays nothing when the first proof fails", async () => {
      const row = await bench.upload("First");
      const prover = new FakeProver();
      prover.refusal = new AppError("proof.failed", "Block 7 differs.");
      expect(await bench.work({ prover })).toBe("failed");
      await bench.expectConsistent(row.id, { text: null, snapshots: [] });
      expect(await bench.keys(row)).toEqual([row.objectKey]);
    });

    test.each(STEPS)(
      "is old or new when the attempt fails after “%s”, and new after the next",
      async (step) => {
        const row = await bench.marked("First");
        await bench.remark(row, "Second");
        const outcome = await bench.work({ steps: failingAt(step), random });
        expect(outcome).toBe("postponed");
        expect(["First", "Second"]).toContain(await bench.seen(row));
        expect(["marked", "dropped"]).toContain(await bench.work());
        await bench.expectConsistent(row.id, { text: "Second", snapshots: ["First"] });
        expect((await bench.row(row.id)).state).toBe("marked");
      },
    );

    test("is new when the answer to the swap is lost, with what it was kept once", async () => {
      const row = await bench.marked("First");
      await bench.remark(row, "Second");
      const store = withLostAnswer(bench.data.store);
      expect(await bench.work({ store, random })).toBe("postponed");
      expect(await bench.seen(row)).toBe("Second");
      expect(await bench.work()).toBe("marked");
      expect((await bench.data.ledger.snapshotsOf(row.id)).length).toBe(1);
      await bench.expectConsistent(row.id, { text: "Second", snapshots: ["First"] });
    });

    test("is old again when the answer to the swap is lost and the job then gives up", async () => {
      const row = await bench.marked("First");
      await bench.remark(row, "Second");
      const store = withPublicPut(bench.data.store, async (put) => {
        await put();
        throw new AppError("mark.failed", "The worker lost its mind.");
      });
      expect(await bench.work({ store })).toBe("failed");
      await bench.expectConsistent(row.id, { text: "First", snapshots: [] });
    });

    test("is what the row tells of, when a first swap had happened and its job gave up", async () => {
      const row = await bench.upload("First");
      const store = withPublicPut(bench.data.store, async (put) => {
        await put();
        throw new AppError("mark.failed", "The worker lost its mind.");
      });
      expect(await bench.work({ store })).toBe("failed");
      await bench.expectConsistent(row.id, { text: "First", snapshots: [] });
      expect(await bench.row(row.id)).toMatchObject({ state: "marked", errorCode: null });
    });

    test.each([false, true])(
      "has one winner when two work on one job (results differ: %s)",
      async (unique) => {
        const row = await bench.marked("First");
        await bench.remark(row, "Second");
        const lease = await bench.take();
        const gates = [gateAt("snapshot_taken"), gateAt("snapshot_taken")];
        const marker = new FakeMarker();
        marker.unique = unique;
        const both = gates.map(({ steps }) => bench.work({ steps, marker, random }, lease));
        await Promise.all(gates.map(({ arrived }) => arrived));
        for (const { release } of gates) release();
        const outcomes = await Promise.all(both);
        expect(outcomes).toContain("marked");
        expect(outcomes.filter((outcome) => outcome === "marked")).toHaveLength(1);
        await bench.expectConsistent(row.id, { text: "Second", snapshots: ["First"] });
      },
    );

    test("has a proof again after the next attempt, when a worker slept for a day right before the swap", async () => {
      const row = await bench.marked("First");
      await bench.remark(row, "Second");
      const store = withPublicPut(bench.data.store, async (put) => {
        expect(await bench.cleanup().pass()).toMatchObject({ resolved: 1 });
        return put();
      });
      expect(await bench.work({ store, random })).toBe("retried");
      expect(await bench.work()).toBe("marked");
      await bench.expectConsistent(row.id, { text: "Second", snapshots: [] });
    });

    test("keeps what was there before when three work on one job, and one is behind with its snapshot", async () => {
      const row = await bench.marked("First");
      await bench.remark(row, "Second");
      const lease = await bench.take();
      const held = Promise.withResolvers<void>();
      const waiting = Promise.withResolvers<void>();
      const store = withPublicPut(bench.data.store, async (put) => {
        waiting.resolve();
        await held.promise;
        return put();
      });
      const ahead = gateAt("swapped");
      const slow = bench.work({ steps: ahead.steps, store, random }, lease);
      await waiting.promise;
      const behind = gateAt("proof_stored");
      const late = bench.work({ steps: behind.steps, random }, lease);
      await behind.arrived;
      held.resolve();
      await ahead.arrived;
      expect(await bench.work({}, lease)).toBe("marked");
      behind.release();
      ahead.release();
      expect(await late).not.toBe("marked");
      expect(await slow).toBe("dropped");
      await bench.expectConsistent(row.id, { text: "Second", snapshots: ["First"] });
    });

    test("has one winner when a second worker sees what a first has not yet settled", async () => {
      const row = await bench.marked("First");
      await bench.remark(row, "Second");
      const lease = await bench.take();
      const gate = gateAt("swapped");
      const marker = new FakeMarker();
      marker.unique = true;
      const first = bench.work({ steps: gate.steps, marker }, lease);
      await gate.arrived;
      expect(await bench.work({ marker }, lease)).toBe("marked");
      gate.release();
      expect(await first).toBe("dropped");
      await bench.expectConsistent(row.id, { text: "Second", snapshots: ["Second", "First"] });
    });

    test("is what was asked for last, when another mark is asked for at any step of a job", async () => {
      for (const step of STEPS) {
        const row = await bench.marked("First");
        await bench.remark(row, "Second");
        const gate = gateAt(step);
        const job = bench.work({ steps: gate.steps });
        await gate.arrived;
        await bench.remark(row, "Third");
        gate.release();
        expect(await job).toBe(step === "settled" ? "marked" : "dropped");
        expect(await bench.work()).toBe("marked");
        const shown = step === "swapped" || step === "settled";
        await bench.expectConsistent(row.id, {
          text: "Third",
          snapshots: shown ? ["Second", "First"] : ["First"],
        });
      }
    });

    test("is what was rolled back to, when a worker comes that was overtaken long ago", async () => {
      const row = await bench.marked("First");
      await bench.remark(row, "Late");
      const lease = await bench.take();
      const held = Promise.withResolvers<void>();
      const waiting = Promise.withResolvers<void>();
      const store = withPublicPut(bench.data.store, async (put) => {
        waiting.resolve();
        await held.promise;
        return put();
      });
      const late = bench.work({ store }, lease);
      await waiting.promise;
      expect(await bench.work({}, lease)).toBe("marked");
      const { media } = bench.server.client();
      await media.rollbackMedia({ picture: { picture: { case: "mediaId", value: row.id } } });
      expect(await bench.seen(row)).toBe("First");
      held.resolve();
      expect(await late).toBe("dropped");
      expect(await bench.seen(row)).toBe("First");
      await bench.expectConsistent(row.id, { text: "First", snapshots: ["Late", "First"] });
    });

    test("is what is asked for after a rollback, when a worker that showed the same before settles late", async () => {
      const row = await bench.marked("First");
      await bench.remark(row, "Second");
      const lease = await bench.take();
      const gate = gateAt("swapped");
      const late = bench.work({ steps: gate.steps }, lease);
      await gate.arrived;
      expect(await bench.work({}, lease)).toBe("marked");
      const { media } = bench.server.client();
      await media.rollbackMedia({ picture: { picture: { case: "mediaId", value: row.id } } });
      await bench.remark(row, "Second");
      expect(await bench.work({ steps: failingAt("snapshot_taken"), random })).toBe("postponed");
      gate.release();
      expect(await late).toBe("dropped");
      expect(await bench.work()).toBe("marked");
      expect(await bench.seen(row)).toBe("Second");
      expect(await bench.row(row.id)).toMatchObject({ state: "marked" });
    });
  });
}

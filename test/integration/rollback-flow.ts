import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromConnectError } from "#contracts/client.ts";
import { MediaState } from "#gen/media_pb.ts";
import { AppError } from "#kernel/errors.ts";
import { rollBack } from "../../server/services/rollback.ts";
import { FakeProver } from "../fakes/fake-prover.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import type { Installation } from "./server-harness.ts";
import { failingAt, withoutRemoval, withPublicPut } from "./swap-faults.ts";
import { DAY_MS, markSpec, SwapBench } from "./swap-harness.ts";

const byId = (value: string) => ({ picture: { case: "mediaId" as const, value } });
const byKey = (value: string) => ({ picture: { case: "objectKey" as const, value } });
const byHash = (value: string) => ({ picture: { case: "sha256" as const, value } });
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error: unknown) => fromConnectError(error).code,
  );

/** Rollback and clean-up (spec.md S15), whatever the server stands on. */
export function rollbackFlow(name: string, install: () => Promise<Installation>): void {
  describe(`rollback on ${name}`, () => {
    let bench: SwapBench;
    let media: ReturnType<SwapBench["server"]["client"]>["media"];
    beforeAll(async () => {
      bench = await SwapBench.open(install);
      media = bench.server.client().media;
    });
    afterAll(() => bench?.[Symbol.asyncDispose]());

    test("shows the version before again, tells the row and its history, and can be undone", async () => {
      const row = await bench.marked("First", "Second");
      const listed = await media.listSnapshots({ picture: byKey(row.objectKey) });
      expect(listed.snapshots).toMatchObject([
        { key: row.published!.snapshotKey, proven: { markSpec: markSpec("First"), proofClass: "exact" } },
      ]);
      const answer = await media.rollbackMedia({ picture: byKey(row.markedKey!) });
      expect(answer.media).toMatchObject({
        state: MediaState.MARKED,
        markSpec: markSpec("First"),
        published: { picture: listed.snapshots[0]!.proven },
      });
      await bench.expectConsistent(row.id, { text: "First", snapshots: ["Second", "First"] });
      const events = await bench.data.repository.eventsAfter(0, { owner: bench.user, limit: 1_000 });
      expect(events.filter(({ media: { id } }) => id === row.id).at(-1)).toMatchObject({
        kind: "media.rolled_back",
        media: { published: { snapshotKey: answer.media!.published!.snapshotKey } },
      });
      await media.rollbackMedia({ picture: byHash(row.sha256) });
      await bench.expectConsistent(row.id, { text: "Second", snapshots: ["First", "Second", "First"] });
    });

    test("goes to any version that is kept, and the picture can be marked again", async () => {
      const row = await bench.marked("First", "Second", "Third");
      const { snapshots } = await media.listSnapshots({ picture: byId(row.id) });
      expect(snapshots.map(({ proven }) => proven!.markSpec)).toEqual([
        markSpec("Second"),
        markSpec("First"),
      ]);
      await media.rollbackMedia({ picture: byId(row.id), to: snapshots[1]!.key });
      expect(await bench.seen(row)).toBe("First");
      await bench.remark(row, "First");
      expect((await bench.row(row.id)).state).toBe("marked");
      await bench.remark(row, "Third");
      expect(await bench.work()).toBe("marked");
      await bench.expectConsistent(row.id, {
        text: "Third",
        snapshots: ["First", "Third", "Second", "First"],
      });
    });

    test("brings a failed picture back to what is visible", async () => {
      const row = await bench.marked("First", "Second");
      await bench.remark(row, "Third");
      const prover = new FakeProver();
      prover.refusal = new AppError("proof.failed", "Block 7 differs.");
      expect(await bench.work({ prover })).toBe("failed");
      await media.rollbackMedia({ picture: byId(row.id) });
      expect(await bench.row(row.id)).toMatchObject({ state: "marked", errorCode: null, errorMessage: null });
      await bench.expectConsistent(row.id, { text: "First", snapshots: ["Second", "First"] });
    });

    test("is refused while the picture waits for a mark, where nothing is kept, and to others", async () => {
      const row = await bench.marked("First");
      expect(await codeOf(media.rollbackMedia({ picture: byId(row.id) }))).toBe("not_found");
      await bench.remark(row, "Second");
      expect(await codeOf(media.rollbackMedia({ picture: byId(row.id) }))).toBe("not_found");
      expect(await bench.work()).toBe("marked");
      await bench.remark(row, "Third");
      expect(await codeOf(media.rollbackMedia({ picture: byId(row.id) }))).toBe("conflict");
      expect(await bench.work()).toBe("marked");
      const other = await bench.marked("First", "Second");
      const to = other.published!.snapshotKey!;
      expect(await codeOf(media.rollbackMedia({ picture: byId(row.id), to }))).toBe("not_found");
      const stranger = bench.server.client({ user: "stranger" }).media;
      for (const picture of [byId(row.id), byKey(row.objectKey), byHash(row.sha256)]) {
        expect(await codeOf(stranger.rollbackMedia({ picture }))).toBe("not_found");
        expect(await codeOf(stranger.listSnapshots({ picture }))).toBe("not_found");
      }
      expect(await codeOf(media.rollbackMedia({}))).toBe("invalid_argument");
      await bench.expectConsistent(row.id, { text: "Third", snapshots: ["Second", "First"] });
    });

    test.each(["begun", "snapshot_taken", "swapped"] as const)(
      "that dies at “%s” leaves one of the two visible, and can be tried again or forgotten",
      async (step) => {
        const again = await bench.marked("First", "Second");
        const forgotten = await bench.marked("First", "Second");
        for (const row of [again, forgotten]) {
          const [kept] = await bench.data.ledger.snapshotsOf(row.id);
          const steps = failingAt(step);
          const deps = {
            ...bench.data,
            store: withoutRemoval(bench.data.store),
            logger: new RecordingLogger(),
            steps,
          };
          const dying = rollBack(deps, row, kept!.snapshot, { id: randomUUID() });
          await expect(dying).rejects.toMatchObject({ code: "store.unreachable" });
          expect(await bench.seen(row)).toBe(step === "swapped" ? "First" : "Second");
        }
        await media.rollbackMedia({ picture: byId(again.id) });
        await bench.expectConsistent(again.id, { text: "First", snapshots: ["Second", "First"] });
        await bench.expectConsistent(forgotten.id, { text: "Second", snapshots: ["First"] });
      },
    );

    test("is refused to bytes that are not those of the snapshot, and changes nothing", async () => {
      const row = await bench.marked("First", "Second");
      const forged = Buffer.from("Forged on nothing");
      const sha256 = Buffer.from(await crypto.subtle.digest("SHA-256", forged)).toString("hex");
      await bench.data.store.put(row.published!.snapshotKey!, forged, { contentType: "image/jpeg", sha256 });
      expect(await codeOf(media.rollbackMedia({ picture: byId(row.id) }))).toBe("upload.checksum_mismatch");
      expect(await bench.seen(row)).toBe("Second");
    });

    test("is refused without the proof record of what it would show", async () => {
      const row = await bench.marked("First", "Second");
      const [kept] = await bench.data.ledger.snapshotsOf(row.id);
      await bench.data.store.remove(kept!.snapshot.proven!.proofKey);
      expect(await codeOf(media.rollbackMedia({ picture: byId(row.id) }))).toBe("not_found");
      expect(await bench.seen(row)).toBe("Second");
    });

    test("has plain JSON forms", async () => {
      const row = await bench.marked("First", "Second");
      const post = async (path: string, body: unknown) => {
        const headers = { authorization: `Bearer ${await bench.server.token()}` };
        const url = `${bench.server.url}/api/v1/media/${path}`;
        const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
        return { status: answer.status, body: await answer.json() };
      };
      const { body } = await post("snapshots", { objectKey: row.objectKey });
      expect(body.snapshots).toMatchObject([{ key: row.published!.snapshotKey }]);
      const answer = await post("rollback", { mediaId: row.id, to: body.snapshots[0].key });
      expect(answer).toMatchObject({ status: 200, body: { media: { id: row.id, state: "marked" } } });
      expect(await bench.seen(row)).toBe("First");
      expect((await post("rollback", { to: "x" })).status).toBe(400);
      expect((await post("rollback", { sha256: "0".repeat(64) })).status).toBe(404);
    });

    test("gives the proof record of what is visible, and none where nothing is", async () => {
      const row = await bench.upload("First");
      const ask = () => media.signDownload({ mediaId: row.id, proof: true });
      expect(await codeOf(ask())).toBe("not_found");
      await bench.work();
      const record = await (await fetch((await ask()).url)).json();
      expect(record).toMatchObject({
        original: row.sha256,
        marked: (await bench.row(row.id)).published!.sha256,
      });
    });
  });

  describe(`clean-up on ${name}`, () => {
    let bench: SwapBench;
    beforeAll(async () => {
      bench = await SwapBench.open(install);
    });
    afterAll(() => bench?.[Symbol.asyncDispose]());

    test("removes snapshots after their time, not before, and never what is visible", async () => {
      const row = await bench.marked("First", "Second");
      const { snapshotKey } = row.published!;
      expect(await bench.cleanup({ laterMs: 30 * DAY_MS - 60_000 }).pass()).toMatchObject({ expired: 0 });
      expect(await bench.keys(row)).toContain(snapshotKey);
      expect(await bench.cleanup({ laterMs: 30 * DAY_MS + 1_000 }).pass()).toMatchObject({
        expired: 1,
        failed: 0,
      });
      expect(await bench.cleanup({ laterMs: 31 * DAY_MS }).pass()).toEqual({
        expired: 0,
        resolved: 0,
        failed: 0,
      });
      expect(await bench.keys(row)).not.toContain(snapshotKey);
      await bench.expectConsistent(row.id, { text: "Second", snapshots: [] });
    });

    test("leaves a swap alone that may still be going on, and ends it after a day", async () => {
      const row = await bench.marked("First");
      await bench.remark(row, "Second");
      const store = withPublicPut(bench.data.store, () => {
        throw new AppError("mark.failed", "The worker lost its mind.");
      });
      expect(await bench.work({ store })).toBe("failed");
      const left = (await bench.keys(row)).length;
      expect(await bench.cleanup({ laterMs: DAY_MS - 60_000 }).pass()).toMatchObject({ resolved: 0 });
      expect(await bench.keys(row)).toHaveLength(left);
      expect(await bench.cleanup({ laterMs: DAY_MS + 1_000 }).pass()).toMatchObject({ resolved: 1 });
      expect(await bench.keys(row)).toHaveLength(left - 2);
      await bench.expectConsistent(row.id, { text: "First", snapshots: [] });
    });

    test("tells an operator when it keeps failing, and until it works again", async () => {
      const row = await bench.marked("First", "Second");
      const logger = new RecordingLogger();
      let broken = true;
      const store = withoutRemoval(bench.data.store, () => broken);
      const cleanup = bench.cleanup({ laterMs: 31 * DAY_MS, logger, store });
      expect(await cleanup.pass()).toMatchObject({ expired: 0, failed: 1 });
      expect([logger.of("snapshot.cleanup_failed").at(-1)!.level, cleanup.trouble]).toEqual(["warn", ""]);
      await cleanup.pass();
      expect(logger.of("snapshot.cleanup_failed").at(-1)).toMatchObject({
        level: "error",
        fields: { code: "store.refused", failures: 2 },
      });
      expect(cleanup.trouble).toContain("No right to delete.");
      broken = false;
      expect(await cleanup.pass()).toMatchObject({ expired: 1, failed: 0 });
      expect(cleanup.trouble).toBe("");
      await bench.expectConsistent(row.id, { text: "Second", snapshots: [] });
    });
  });
}

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ProvenPicture } from "../../server/services/ports/media-repository.ts";
import type { NewSwap, SwapLedger } from "../../server/services/ports/swap-ledger.ts";
import { FakeClock } from "../fakes/fake-clock.ts";

/** Where one test's swaps live. */
export interface SwapLedgerFixture {
  /** Another ledger on the same swaps, as another process would have it. */
  open(clock: FakeClock): Promise<SwapLedger>;
  /** After all ledgers are closed. */
  remove(): Promise<void>;
}

const picture = (sha256: string): ProvenPicture => ({
  sha256,
  markSpec: '{"text":"© Bäckerei 图"}',
  template: "text",
  templateVersion: "1",
  proofClass: "exact",
  proofKey: `proofs/studio/1.jpg/${sha256}.json`,
});
const swap = (id: string, keeps: NewSwap["keeps"] = null, follows: string | null = null): NewSwap => ({
  id,
  mediaId: "media",
  owner: "studio",
  publicKey: "watermarked/studio/1.jpg",
  becomes: picture(id),
  ownsProof: true,
  follows,
  keeps,
});
const keeps = { sha256: "before", proven: picture("before") };

/** What every `SwapLedger` does. */
export function describeSwapLedger(title: string, makeFixture: () => Promise<SwapLedgerFixture>): void {
  describe(title, () => {
    let fixture: SwapLedgerFixture;
    let clock: FakeClock;
    let ledger: SwapLedger;
    let other: SwapLedger;
    beforeEach(async () => {
      fixture = await makeFixture();
      clock = new FakeClock();
      ledger = await fixture.open(clock);
      other = await fixture.open(clock);
    });
    afterEach(async () => {
      await ledger.close();
      await other.close();
      await fixture.remove();
    });

    test("gives every snapshot a key of its own, also in one millisecond and from several processes", async () => {
      const begun = await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 ? ledger : other).begin(swap(`s${n}`, keeps))),
      );
      const keys = begun.map(({ snapshot }) => snapshot!.key);
      expect(new Set(keys).size).toBe(20);
      for (const key of keys) expect(key).toMatch(/^snapshots\/studio\/1\.jpg_v\d+_prewm$/);
      expect(keys).toContain(`snapshots/studio/1.jpg_v${clock.now()}_prewm`);
      expect(begun.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, n) => `s${n}`));
    });

    test("finds what was begun until its end is known", async () => {
      const begun = await ledger.begin(swap("a", keeps));
      expect(begun).toMatchObject({ state: "begun", atMs: clock.now(), becomes: picture("a") });
      expect(await other.begunFor("media", "a")).toEqual([begun]);
      expect([await other.isBegun("a"), await other.isBegun("b")]).toEqual([true, false]);
      expect(await other.begunFor("media", "b")).toEqual([]);
      expect(await other.begunFor("another", "a")).toEqual([]);
      await ledger.finish("a");
      expect(await other.begunFor("media", "a")).toEqual([]);
      expect(await other.isBegun("a")).toBe(false);
      expect(await other.snapshotsOf("media")).toEqual([{ ...begun, state: "done" }]);
    });

    test("abandons only what is not known to have happened", async () => {
      await ledger.begin(swap("a", keeps));
      await ledger.begin(swap("b", keeps));
      await ledger.finish("b");
      clock.jump(1_000);
      expect([await ledger.abandon("a"), await other.abandon("a")]).toEqual(["abandoned", "abandoned"]);
      expect([await ledger.abandon("b"), await ledger.abandon("never")]).toEqual(["kept", "gone"]);
      const abandoned = async (abandonedMs: number) =>
        (await ledger.removable({ abandonedMs, doneMs: 0 }, 10)).map(({ id }) => id);
      expect(await abandoned(clock.now())).toEqual([]);
      expect(await abandoned(clock.now() + 1)).toEqual(["a"]);
      await ledger.forget("a");
      expect(await abandoned(clock.now() + 1)).toEqual([]);
    });

    test("knows the end of a swap only when it knows those of the swaps that follow it", async () => {
      await ledger.begin(swap("a", keeps));
      await ledger.begin(swap("b", keeps, "a"));
      await ledger.begin(swap("c", keeps, "b"));
      await ledger.begin(swap("d", keeps, "b"));
      clock.jump(1_000);
      const stale = async () => (await other.stale(clock.now(), 10)).map(({ id }) => id).toSorted();
      expect(await stale()).toEqual(["c", "d"]);
      expect([await ledger.isFollowed("b"), await ledger.isFollowed("c")]).toEqual([true, false]);
      expect([await ledger.abandon("a"), await ledger.abandon("b"), await ledger.abandon("d")]).toEqual([
        "kept",
        "kept",
        "abandoned",
      ]);
      expect(await stale()).toEqual(["c"]);
      await ledger.finish("c");
      expect(await stale()).toEqual([]);
      expect((await ledger.snapshotsOf("media")).map(({ id }) => id).toSorted()).toEqual(["a", "b", "c"]);
    });

    test("keeps nothing of a swap that kept nothing", async () => {
      await ledger.begin(swap("a"));
      await ledger.finish("a");
      expect(await ledger.snapshotsOf("media")).toEqual([]);
      expect(await ledger.removable({ abandonedMs: 0, doneMs: clock.now() + 1 }, 10)).toEqual([]);
    });

    test("tells snapshots newest first, and what is due oldest first and no more than asked for", async () => {
      for (const id of ["a", "b", "c"]) {
        await ledger.begin(swap(id, keeps));
        await ledger.finish(id);
        await ledger.begin(swap(`${id}-open`));
        clock.jump(1_000);
      }
      const ids = (swaps: readonly { readonly id: string }[]) => swaps.map(({ id }) => id);
      expect(ids(await ledger.snapshotsOf("media"))).toEqual(["c", "b", "a"]);
      expect(ids(await ledger.removable({ abandonedMs: 0, doneMs: clock.now() - 1_000 }, 10))).toEqual([
        "a",
        "b",
      ]);
      expect(ids(await ledger.removable({ abandonedMs: 0, doneMs: clock.now() }, 1))).toEqual(["a"]);
      expect(ids(await ledger.stale(clock.now() - 1_000, 10))).toEqual(["a-open", "b-open"]);
      expect(ids(await ledger.stale(clock.now(), 1))).toEqual(["a-open"]);
    });
  });
}

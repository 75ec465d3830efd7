import { AppError } from "#kernel/errors.ts";
import type { MediaChange, MediaRow } from "./ports/media-repository.ts";
import type { Snapshot, Swap } from "./ports/swap-ledger.ts";
import {
  beginSwap,
  publicKeyOf,
  publishedBy,
  type SwapDeps,
  showSnapshot,
  takeSnapshot,
  visibleAt,
} from "./swap.ts";
import { discardQuietly, expectBegun, resolveSwap } from "./swap-recovery.ts";

/**
 * Makes what a snapshot holds visible again, as `publishPicture` shows a new picture: what is visible now becomes a
 * snapshot itself, so a rollback can be rolled back. The row then wants the mark that is visible, and another may be
 * asked for. An abort leaves one of the two visible.
 * @param id Names this attempt; no other has the same.
 * @throws AppError `conflict` when the picture is being marked or changed, or when what it was had no proof;
 *   `not_found` when snapshot or proof record are gone from the store; what store and database throw.
 */
export async function rollBack(
  deps: SwapDeps,
  row: MediaRow,
  to: Snapshot,
  { id, signal }: { readonly id: string; readonly signal?: AbortSignal | undefined },
): Promise<MediaRow> {
  const { store, repository, steps } = deps;
  const { proven } = to;
  if (row.state === "uploading" || row.state === "uploaded" || row.state === "marking")
    throw new AppError("conflict", "This picture is being marked; roll it back when that has ended.", {
      retry: "backoff",
    });
  if (!proven)
    throw new AppError("conflict", "That version was published without a proof, and is not shown again.");
  if (!(await store.head(to.key, { signal })) || !(await store.head(proven.proofKey, { signal })))
    throw new AppError("not_found", "This snapshot is no longer in the store.", { details: { key: to.key } });
  const publicKey = publicKeyOf(row.objectKey);
  const visible = await visibleAt(store, publicKey, signal);
  const swap = await beginSwap(deps, row, visible, { id, becomes: proven, ownsProof: false });
  if (visible?.sha256 !== to.sha256) {
    try {
      await steps?.reached("begun");
      if (visible) await takeSnapshot(deps, swap, visible, signal);
      await steps?.reached("snapshot_taken");
      await expectBegun(deps, swap);
    } catch (error) {
      await discardQuietly(deps, swap);
      throw changed(error);
    }
    try {
      await showSnapshot(deps, publicKey, to, visible, signal);
    } catch (error) {
      // Without an answer it may have happened, and the swap stays `begun` until that is known.
      if (error instanceof AppError && error.code === "store.precondition_failed")
        await discardQuietly(deps, swap);
      throw changed(error);
    }
    if ((await visibleAt(store, publicKey, signal))?.sha256 !== to.sha256)
      throw changed(new AppError("store.precondition_failed", "Another picture is visible."));
  }
  await steps?.reached("swapped");
  const rolledBack = await repository.change(row.id, row.version, changeTo(row, swap), {
    event: "media.rolled_back",
    swapDone: swap.id,
  });
  if (rolledBack) return rolledBack;
  await resolveSwap(deps, swap);
  throw changed(new AppError("store.precondition_failed", "The row has changed."));
}

function changeTo(row: MediaRow, swap: Swap): MediaChange {
  return {
    ...(row.state === "failed" ? { state: "marked" as const } : {}),
    markedKey: swap.publicKey,
    published: {
      ...publishedBy(swap),
      // Nothing was replaced when it was visible already.
      snapshotKey: swap.snapshot?.key ?? row.published?.snapshotKey ?? null,
    },
    markSpec: swap.becomes.markSpec,
    errorCode: null,
    errorMessage: null,
  };
}

function changed(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== "store.precondition_failed") return error;
  return new AppError("conflict", "This picture has been changed meanwhile; look at it again.", {
    retry: "backoff",
    cause: error,
  });
}

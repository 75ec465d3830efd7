import { AppError } from "#kernel/errors.ts";
import type { MediaChange, MediaRow } from "./ports/media-repository.ts";
import type { Swap } from "./ports/swap-ledger.ts";
import { publishedBy, type SwapDeps, showSnapshot, type VisibleObject, visibleAt } from "./swap.ts";

/** What a swap of unknown end turned out to be. */
export type Resolution =
  /** It never happened, and what it left is gone; or it did, and somebody has said so meanwhile. */
  | "discarded"
  /** It happened, and its row says so. */
  | "done"
  /** It had happened while its row tells of what was there before; that is visible again. */
  | "undone"
  /** Somebody is about to change the picture, or just did: nothing was done, look again later. */
  | "left";

/**
 * Removes what a swap that never happened left in the store. One that is known by now to have happened, or may have, is
 * left as it is. Its row stays for a while, so that `SnapshotCleanup` removes once more what a request still on its way
 * has put there; can be repeated after a failure.
 */
export async function discardSwap(deps: SwapDeps, swap: Swap): Promise<void> {
  const abandonment = await deps.ledger.abandon(swap.id);
  if (abandonment === "kept" || (abandonment === "gone" && (await isReferenced(deps, swap)))) return;
  await removeLeftovers(deps, swap);
}

/** Snapshot and proof record, as far as the swap put them there. */
export async function removeLeftovers({ store }: SwapDeps, swap: Swap): Promise<void> {
  if (swap.snapshot) await store.remove(swap.snapshot.key);
  if (swap.ownsProof) await store.remove(swap.becomes.proofKey);
}

/** Nothing is known of a swap that happened and kept nothing, nor of one that was cleaned up while its worker slept. */
async function isReferenced({ repository, ledger }: SwapDeps, swap: Swap): Promise<boolean> {
  if (swap.snapshot) return false;
  const { proofKey } = swap.becomes;
  const [row] = await repository.get([swap.mediaId]);
  if (row?.published?.proofKey === proofKey) return true;
  const kept = await ledger.snapshotsOf(swap.mediaId);
  return kept.some(({ snapshot }) => snapshot.proven?.proofKey === proofKey);
}

/** As `discardSwap`; what cannot be removed now is left to `SnapshotCleanup`. */
export async function discardQuietly(deps: SwapDeps, swap: Swap): Promise<void> {
  try {
    await discardSwap(deps, swap);
  } catch (error) {
    const { code, message } = AppError.from(error);
    deps.logger.warn("swap.not_discarded", { swapId: swap.id, mediaId: swap.mediaId, code, reason: message });
  }
}

/** @throws AppError `conflict` (backoff) when the swap has been ended as that of a dead worker: proof and snapshot that it
 *  stands on may be gone. */
export async function expectBegun({ ledger }: SwapDeps, swap: Swap): Promise<void> {
  if (await ledger.isBegun(swap.id)) return;
  throw new AppError("conflict", "This took so long that it was given up; it begins anew.", {
    retry: "backoff",
  });
}

/**
 * Ends a swap whose worker died, or came too late, between the change in the store and its row. The store's present state
 * and the row decide; whoever repeats it finds nothing left to do.
 * @throws AppError `store.unreachable`, `store.slow_down`, `unavailable` (all backoff).
 */
export async function resolveSwap(deps: SwapDeps, swap: Swap): Promise<Resolution> {
  const { repository, store, ledger, logger } = deps;
  if (await ledger.isFollowed(swap.id)) return "left";
  const [row] = await repository.get([swap.mediaId]);
  const visible = await visibleAt(store, swap.publicKey);
  if (!row || visible?.sha256 !== swap.becomes.sha256) {
    await discardSwap(deps, swap);
    return "discarded";
  }
  const { published } = row;
  if (published?.sha256 === visible.sha256) {
    // The same bytes, shown by another swap: only one that holds the last copy of what was there before is worth keeping.
    if (published.proofKey !== swap.becomes.proofKey && published.snapshotKey !== null) {
      await discardSwap(deps, swap);
      return "discarded";
    }
    await ledger.finish(swap.id);
    return "done";
  }
  if (row.state === "uploaded" || row.state === "marking") return "left";
  const undoes = swap.snapshot !== null && (!published || published.sha256 === swap.snapshot.sha256);
  const resolution = undoes ? await undo(deps, swap, visible) : await adopt(deps, swap, row);
  const { id: swapId, mediaId } = swap;
  if (resolution !== "left") logger.warn("swap.resolved", { mediaId, swapId, resolution });
  return resolution;
}

async function undo(deps: SwapDeps, swap: Swap, visible: VisibleObject): Promise<Resolution> {
  try {
    await showSnapshot(deps, swap.publicKey, swap.snapshot!, visible);
  } catch (error) {
    if (error instanceof AppError && error.code === "store.precondition_failed") return "left";
    throw error;
  }
  await discardSwap(deps, swap);
  return "undone";
}

/** What is visible is proven, and nothing else is there to be shown: the row tells of it. A failure of another mark stays
 *  one. */
async function adopt({ repository }: SwapDeps, swap: Swap, row: MediaRow): Promise<Resolution> {
  const { markSpec } = swap.becomes;
  const change: MediaChange = {
    ...(row.state === "failed" && row.markSpec === markSpec
      ? { state: "marked", errorCode: null, errorMessage: null }
      : {}),
    ...(row.state === "marked" || row.state === "published" ? { markSpec } : {}),
    markedKey: swap.publicKey,
    published: publishedBy(swap),
  };
  const then = { event: "media.marked", swapDone: swap.id };
  return (await repository.change(row.id, row.version, change, then)) ? "done" : "left";
}

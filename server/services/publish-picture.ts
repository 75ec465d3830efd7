import { AppError } from "#kernel/errors.ts";
import type { MarkedPicture } from "./ports/image-marker.ts";
import type { MediaRow, ProvenPicture, PublishedPicture } from "./ports/media-repository.ts";
import type { PictureProof } from "./ports/picture-prover.ts";
import type { Swap } from "./ports/swap-ledger.ts";
import {
  beginSwap,
  proofKeyOf,
  publicKeyOf,
  publishedBy,
  type SwapDeps,
  takeSnapshot,
  unsettledSwap,
  type VisibleObject,
  visibleAt,
} from "./swap.ts";
import { discardQuietly, discardSwap, expectBegun, resolveSwap } from "./swap-recovery.ts";

/** A picture that has passed its proof. */
export interface Publication {
  /** Names this attempt; no other has the same. */
  readonly id: string;
  /** As it was when the mark began. */
  readonly row: MediaRow;
  readonly picture: MarkedPicture;
  readonly proof: PictureProof;
  readonly template: { readonly name: string; readonly version: string };
  /** Canonical JSON of the mark. */
  readonly markSpec: string;
  readonly traceId: string;
  /** Of the request that asked for the mark. */
  readonly requestId: string | undefined;
  /** Looks again whether somebody still waits for this. */
  isWanted(): Promise<boolean>;
  /** Tells the row what is visible now, and with it that the swap has happened. False: it does not wait for it any more. */
  settle(published: PublishedPicture, swapId: string): Promise<boolean>;
}

/**
 * Makes a proven picture visible under its public key (spec.md S15, docs/adr/0012): the swap is written down, the proof
 * record stored, a snapshot of what is visible taken; then one conditional PUT, which is the swap; then the row is told.
 * Whatever ends it half-way leaves the old picture visible, or the new one.
 * An abort may leave a swap `begun`: the next attempt, or `SnapshotCleanup`, ends it.
 * @returns false when nobody waits for it any more; what was visible before is visible.
 * @throws AppError `conflict` (backoff) when somebody else changed what is visible; what the store and database throw.
 */
export async function publishPicture(
  deps: SwapDeps,
  publication: Publication,
  signal?: AbortSignal,
): Promise<boolean> {
  const { store, steps } = deps;
  const { row, proof } = publication;
  const visible = await visibleAt(store, publicKeyOf(row.objectKey), signal);
  const swap =
    (await ownUnsettledSwap(deps, publication, visible)) ??
    (await newSwap(deps, publication, visible, signal));
  if (!swap) return false;
  if (visible?.sha256 !== proof.markedSha256) {
    await show(deps, publication, swap, visible, signal);
    // Whoever slept for a day right before the swap finds its proof cleaned up; the next attempt stores it anew.
    await expectBegun(deps, swap);
  }
  await steps?.reached("swapped");
  if (await publication.settle(publishedBy(swap), swap.id)) {
    await steps?.reached("settled");
    return true;
  }
  await resolveSwap(deps, swap);
  return false;
}

/** An earlier attempt that showed just this and could not say so: nothing is left but to say it. */
async function ownUnsettledSwap(
  deps: SwapDeps,
  { row, proof, markSpec, template }: Publication,
  visible: VisibleObject | null,
): Promise<Swap | null> {
  if (visible?.sha256 !== proof.markedSha256) return null;
  const earlier = await unsettledSwap(deps, row.id, proof.markedSha256);
  const same =
    earlier?.becomes.markSpec === markSpec &&
    earlier.becomes.template === template.name &&
    earlier.becomes.templateVersion === template.version;
  return same ? earlier : null;
}

/** A swap ready to happen: written down, its proof and its snapshot in the store. `null`: not wanted any more. */
async function newSwap(
  deps: SwapDeps,
  publication: Publication,
  visible: VisibleObject | null,
  signal: AbortSignal | undefined,
): Promise<Swap | null> {
  const { steps } = deps;
  const { id, row, proof, template, markSpec } = publication;
  const becomes: ProvenPicture = {
    sha256: proof.markedSha256,
    markSpec,
    template: template.name,
    templateVersion: template.version,
    proofClass: proof.class,
    proofKey: proofKeyOf(row.objectKey, id),
  };
  const swap = await beginSwap(deps, row, visible, { id, becomes, ownsProof: true });
  try {
    await steps?.reached("begun");
    await storeProof(deps, publication, becomes.proofKey, signal);
    await steps?.reached("proof_stored");
    if (visible) await takeSnapshot(deps, swap, visible, signal);
    await steps?.reached("snapshot_taken");
    if (await publication.isWanted()) {
      await expectBegun(deps, swap);
      return swap;
    }
  } catch (error) {
    await discardQuietly(deps, swap);
    throw changedMeanwhile(error);
  }
  await discardSwap(deps, swap);
  return null;
}

async function storeProof(
  { store }: SwapDeps,
  { proof, traceId, requestId }: Publication,
  key: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const digest = await crypto.subtle.digest("SHA-256", proof.record as Uint8Array<ArrayBuffer>);
  await store.put(key, proof.record, {
    contentType: "application/json",
    sha256: Buffer.from(digest).toString("hex"),
    metadata: { "trace-id": traceId, ...requestMetadata(requestId) },
    signal,
  });
}

/** The swap itself. */
async function show(
  deps: SwapDeps,
  { row, picture, proof, traceId, requestId }: Publication,
  swap: Swap,
  visible: VisibleObject | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { store } = deps;
  const { markedSha256: sha256 } = proof;
  try {
    await store.put(swap.publicKey, picture.body, {
      contentType: picture.contentType,
      sha256,
      metadata: {
        sha256,
        "trace-id": traceId,
        "source-sha256": row.sha256,
        ...requestMetadata(requestId),
      },
      ifMatch: visible?.etag ?? null,
      signal,
    });
  } catch (error) {
    // Without an answer it may have happened, and the swap stays `begun`.
    if (!(error instanceof AppError) || error.code !== "store.precondition_failed") throw error;
    // So it may have when a broken connection made the request go out twice.
    if ((await visibleAt(store, swap.publicKey, signal))?.sha256 === sha256) return;
    await discardQuietly(deps, swap);
    throw changedMeanwhile(error);
  }
}

function requestMetadata(requestId: string | undefined): Readonly<Record<string, string>> {
  return requestId === undefined ? {} : { "request-id": requestId };
}

function changedMeanwhile(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== "store.precondition_failed") return error;
  return new AppError("conflict", "Somebody else has published this picture meanwhile.", {
    retry: "backoff",
    cause: error,
  });
}

import type { Logger } from "#kernel/logger.ts";
import { hashObject } from "./hash-object.ts";
import type { MediaRepository, MediaRow, ProvenPicture, PublishedPicture } from "./ports/media-repository.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { NewSwap, Snapshot, Swap, SwapLedger } from "./ports/swap-ledger.ts";
import type { StepObserver } from "./publish-steps.ts";

export interface SwapDeps {
  readonly repository: MediaRepository;
  readonly ledger: SwapLedger;
  readonly store: ObjectStore;
  readonly logger: Logger;
  readonly steps?: StepObserver | undefined;
}

/** What everybody sees under a public key now. */
export interface VisibleObject {
  readonly etag: string;
  readonly sha256: string;
}

/** `raw/studio/1.jpg` → `watermarked/studio/1.jpg`, where everybody reads. */
export function publicKeyOf(objectKey: string): string {
  return `watermarked/${objectKey.replace(/^raw\//, "")}`;
}

/** `proofs/studio/1.jpg/<swap>.json`: a name of its own for each swap, so that removing one never takes another's. */
export function proofKeyOf(objectKey: string, swapId: string): string {
  return `proofs/${objectKey.replace(/^raw\//, "")}/${swapId}.json`;
}

/** `null`: nothing is visible. What we have put there says what it is; another's object is read. */
export async function visibleAt(
  store: ObjectStore,
  publicKey: string,
  signal?: AbortSignal,
): Promise<VisibleObject | null> {
  const object = await store.head(publicKey, { signal });
  if (!object) return null;
  const sha256 = object.sha256 ?? object.metadata.sha256 ?? (await hashObject(store, publicKey, signal));
  return { etag: object.etag, sha256 };
}

/**
 * Writes a swap down before anything changes, with what is to be kept of `visible`: nothing when nothing is there, or
 * when it is already what is wanted. An earlier swap that put `visible` there, and that nobody could settle, is followed:
 * it will have happened when this one has.
 */
export async function beginSwap(
  deps: SwapDeps,
  row: MediaRow,
  visible: VisibleObject | null,
  swap: Pick<NewSwap, "id" | "becomes" | "ownsProof">,
): Promise<Swap> {
  const { ledger } = deps;
  const common = { ...swap, mediaId: row.id, owner: row.owner, publicKey: publicKeyOf(row.objectKey) };
  if (!visible || visible.sha256 === swap.becomes.sha256)
    return ledger.begin({ ...common, follows: null, keeps: null });
  const { sha256 } = visible;
  const recorded = row.published?.sha256 === sha256 ? provenOf(row.published) : null;
  const earlier = recorded ? null : await unsettledSwap(deps, row.id, sha256);
  return ledger.begin({
    ...common,
    follows: earlier?.id ?? null,
    keeps: { sha256, proven: recorded ?? earlier?.becomes ?? null },
  });
}

/** A `begun` swap that may have made these bytes visible: whatever precedes the change is in the store. */
export async function unsettledSwap(
  { ledger, store }: SwapDeps,
  mediaId: string,
  sha256: string,
): Promise<Swap | null> {
  for (const swap of await ledger.begunFor(mediaId, sha256)) {
    const { snapshot, becomes } = swap;
    if ((await store.head(becomes.proofKey)) && (!snapshot || (await store.head(snapshot.key)))) return swap;
  }
  return null;
}

/** Copies what is visible to the swap's snapshot. @throws AppError `store.precondition_failed` when it has changed. */
export async function takeSnapshot(
  { store }: SwapDeps,
  swap: Swap,
  visible: VisibleObject,
  signal?: AbortSignal,
): Promise<void> {
  if (swap.snapshot) await store.copy(swap.publicKey, swap.snapshot.key, { ifMatch: visible.etag, signal });
}

/**
 * Makes a snapshot visible again, if what is visible now is still `visible`. The store checks the bytes against the
 * snapshot's SHA-256 before it shows them.
 * @throws AppError `store.precondition_failed`, `not_found` (the snapshot), `upload.checksum_mismatch` (it is damaged).
 */
export async function showSnapshot(
  { store }: SwapDeps,
  publicKey: string,
  snapshot: Pick<Snapshot, "key" | "sha256">,
  visible: VisibleObject | null,
  signal?: AbortSignal,
): Promise<void> {
  const { object, body } = await store.get(snapshot.key, { signal });
  // A body that is destroyed half-way says so; the PUT's error is the one that counts.
  body.on("error", () => {});
  try {
    await store.put(
      publicKey,
      { stream: body, size: object.size },
      {
        contentType: object.contentType,
        sha256: snapshot.sha256,
        metadata: { ...object.metadata, sha256: snapshot.sha256 },
        ifMatch: visible?.etag ?? null,
        signal,
      },
    );
  } finally {
    body.destroy();
  }
}

/** What the row tells of a swap that has happened. */
export function publishedBy(swap: Swap): PublishedPicture {
  return { ...swap.becomes, snapshotKey: swap.snapshot?.key ?? null };
}

function provenOf({ snapshotKey: _kept, ...proven }: PublishedPicture): ProvenPicture {
  return proven;
}

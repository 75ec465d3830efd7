import type { ProvenPicture } from "./media-repository.ts";

/** A copy of what was visible before a swap. */
export interface Snapshot {
  /** `snapshots/<object>_v<ms>_prewm` (spec.md S15); nobody reads it anonymously. */
  readonly key: string;
  readonly sha256: string;
  /** `null`: what was visible had no proof, so it can be put back after a failure, but not be published anew. */
  readonly proven: ProvenPicture | null;
}

export interface NewSwap {
  readonly id: string;
  readonly mediaId: string;
  readonly owner: string;
  /** The object that everybody reads. */
  readonly publicKey: string;
  /** What is to become visible. */
  readonly becomes: ProvenPicture;
  /** The swap itself puts the proof record there, and it goes with the swap when that comes to nothing. */
  readonly ownsProof: boolean;
  /** The `begun` swap that made visible what this one keeps: how it ended is not known before this one's end is. */
  readonly follows: string | null;
  /** What is visible now and is to be kept; `null` when nothing is. */
  readonly keeps: Omit<Snapshot, "key"> | null;
}

export interface Swap extends Omit<NewSwap, "keeps"> {
  readonly snapshot: Snapshot | null;
  /** `begun`: may or may not have happened. `done`: happened, and its snapshot is kept. `abandoned`: never happened,
   *  what it left in the store is to be removed. */
  readonly state: "begun" | "done" | "abandoned";
  /** When it was begun; of an abandoned one, when that happened. */
  readonly atMs: number;
}

/** `kept`: it happened, or may have. `gone`: nothing is known of it any more. */
export type Abandonment = "abandoned" | "kept" | "gone";

/**
 * What is about to change in the store, written before it changes: whatever a crash leaves there, a row here names it.
 * The end of a swap is written with the picture's row, see `MediaRepository.change`. Times come from the injected clock.
 */
export interface SwapLedger {
  /** Writes a swap down as `begun` and gives its snapshot a key that no other has. */
  begin(swap: NewSwap): Promise<Swap>;
  /** `begun` swaps of a picture to these bytes, newest first: had one happened, nobody has written so. */
  begunFor(mediaId: string, sha256: string): Promise<readonly Swap[]>;
  /** A `begun` swap turns out to have happened, and with it the one it follows; without a snapshot nothing more is to be
   *  known of it. */
  finish(id: string): Promise<void>;
  /** `begun` becomes `abandoned`, unless a `begun` swap follows it; nothing else does. */
  abandon(id: string): Promise<Abandonment>;
  /** False when the swap has been ended, by whomever. */
  isBegun(id: string): Promise<boolean>;
  /** True while the end of a swap that follows it is not known. */
  isFollowed(id: string): Promise<boolean>;
  /** Removes the row, whatever its state. */
  forget(id: string): Promise<void>;
  /** Swaps that are `done` and whose snapshots are kept, newest first. */
  snapshotsOf(mediaId: string): Promise<readonly (Swap & { readonly snapshot: Snapshot })[]>;
  /** `begun` before `beforeMs` and not followed, oldest first. */
  stale(beforeMs: number, limit: number): Promise<readonly Swap[]>;
  /** What is to leave the store: swaps that were abandoned, or done, before these times; oldest first. */
  removable(
    before: { readonly abandonedMs: number; readonly doneMs: number },
    limit: number,
  ): Promise<readonly Swap[]>;
  /** Leaves the database open: whoever opened it closes it. */
  close(): Promise<void>;
}

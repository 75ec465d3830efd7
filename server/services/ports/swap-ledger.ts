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
  /** What is visible now and is to be kept; `null` when nothing is. */
  readonly keeps: Omit<Snapshot, "key"> | null;
}

export interface Swap extends Omit<NewSwap, "keeps"> {
  readonly snapshot: Snapshot | null;
  /** `begun`: may or may not have happened. `done`: happened, and its snapshot is kept. `abandoned`: never happened,
   *  what it left in the store is to be removed. */
  readonly state: "begun" | "done" | "abandoned";
  readonly atMs: number;
}

/**
 * What is about to change in the store, written before it changes: whatever a crash leaves there, a row here names it.
 * The end of a swap is written with the picture's row, see `MediaRepository.change`. Times come from the injected clock.
 */
export interface SwapLedger {
  /** Writes a swap down as `begun` and gives its snapshot a key that no other has. */
  begin(swap: NewSwap): Promise<Swap>;
  /** The latest `begun` swap of a picture to these bytes: had it happened, nobody has written so. */
  begunFor(mediaId: string, sha256: string): Promise<Swap | null>;
  /** A `begun` swap turns out to have happened; without a snapshot nothing more is to be known of it. */
  finish(id: string): Promise<void>;
  /** `begun` becomes `abandoned`; nothing else does. True when it is abandoned now. */
  abandon(id: string): Promise<boolean>;
  /** Removes the row, whatever its state. */
  forget(id: string): Promise<void>;
  /** Swaps that are `done` and whose snapshots are kept, newest first. */
  snapshotsOf(mediaId: string): Promise<readonly (Swap & { readonly snapshot: Snapshot })[]>;
  /** `begun` before `beforeMs`, oldest first. */
  stale(beforeMs: number, limit: number): Promise<readonly Swap[]>;
  /** What is to leave the store: `abandoned` ones, and those `done` before `doneBeforeMs`; oldest first. */
  removable(doneBeforeMs: number, limit: number): Promise<readonly Swap[]>;
  /** Leaves the database open: whoever opened it closes it. */
  close(): Promise<void>;
}

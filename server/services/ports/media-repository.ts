import type { MediaState } from "#contracts/media-state.ts";
import type { ErrorCode } from "#kernel/errors.ts";
import type { PictureProof } from "./picture-prover.ts";

/** Bytes that may be published, and what proves it. */
export interface ProvenPicture {
  /** Lower-case hex SHA-256 of the marked picture. */
  readonly sha256: string;
  /** Canonical JSON of the mark on it. */
  readonly markSpec: string;
  readonly template: string;
  readonly templateVersion: string;
  readonly proofClass: PictureProof["class"];
  /** Object key of the signed proof record. */
  readonly proofKey: string;
}

/** What everybody sees under `markedKey`. */
export interface PublishedPicture extends ProvenPicture {
  /** Object key of what was visible before; `null` when nothing was. */
  readonly snapshotKey: string | null;
}

export interface MediaRow {
  readonly id: string;
  readonly owner: string;
  readonly fileName: string;
  readonly size: number;
  readonly contentType: string;
  readonly sha256: string;
  readonly bucket: string;
  readonly objectKey: string;
  readonly markedKey: string | null;
  /** Written after it has become visible. */
  readonly published: PublishedPicture | null;
  readonly state: MediaState;
  /** The open multipart upload, with its part size; `null` for a single PUT. */
  readonly uploadId: string | null;
  readonly partSize: number | null;
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  readonly traceId: string;
  /** Canonical JSON, see contracts/mark-spec. */
  readonly markSpec: string;
  /** Starts at 1, grows by one with each change: the compare-and-swap column. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export type NewMedia = Pick<
  MediaRow,
  | "id"
  | "owner"
  | "fileName"
  | "size"
  | "contentType"
  | "sha256"
  | "bucket"
  | "objectKey"
  | "traceId"
  | "markSpec"
>;

export type MediaChange = Partial<
  Pick<
    MediaRow,
    | "state"
    | "markedKey"
    | "published"
    | "uploadId"
    | "partSize"
    | "errorCode"
    | "errorMessage"
    | "markSpec"
    | "traceId"
  >
>;

/** A queue job that must be enqueued if, and only if, the change it came with was committed. */
export interface OutboxJob {
  /** Idempotence key in the queue. */
  readonly key: string;
  readonly payload: unknown;
}

export interface MediaEvent {
  /** Grows in commit order, so that a reader who has seen n misses nothing by asking for what is above n. */
  readonly sequence: number;
  readonly media: MediaRow;
  /** `media.announced`, `media.uploaded`, … */
  readonly kind: string;
  readonly atMs: number;
}

/**
 * Rows of `media_files`, their append-only events, and the outbox, in one database.
 * Every call is one transaction. Times come from the injected clock.
 */
export interface MediaRepository {
  /** Made once with the database; names these data. */
  serverId(): Promise<string>;
  /** Inserts in state `uploading` what (owner, sha256) does not know yet; answers the row for each item, in order. */
  announce(
    items: readonly NewMedia[],
  ): Promise<readonly { readonly row: MediaRow; readonly created: boolean }[]>;
  /** The owner's picture with these bytes. */
  findByContent(owner: string, sha256: string): Promise<MediaRow | null>;
  /** Rows that exist, in no order. `owner` restricts. */
  get(ids: readonly string[], options?: { readonly owner?: string }): Promise<readonly MediaRow[]>;
  /** Newest first; `pageToken` as the page before answered. */
  list(query: {
    readonly owner: string;
    readonly pageSize: number;
    readonly pageToken?: string;
    readonly states?: readonly MediaState[];
  }): Promise<{ readonly rows: readonly MediaRow[]; readonly nextPageToken: string | null }>;
  /**
   * Compare-and-swap on `version`: applies the change, appends the event and the outbox job in one transaction, and
   * writes the swap `swapDone` down as happened (see `SwapLedger`).
   * `null` when the row has another version or is gone.
   * @throws AppError `conflict` when `mayFollow` forbids the state.
   */
  change(
    id: string,
    expectedVersion: number,
    change: MediaChange,
    then: { readonly event: string; readonly job?: OutboxJob; readonly swapDone?: string },
  ): Promise<MediaRow | null>;
  /** The latest committed sequence number, 0 when there is none. */
  lastSequence(): Promise<number>;
  /** Events above `sequence`, of `owner` or of everybody, in order. @throws AppError `not_found` when some of them have been removed. */
  eventsAfter(
    sequence: number,
    options: { readonly owner?: string; readonly limit: number },
  ): Promise<readonly MediaEvent[]>;
  /** Removes events that are older; rows stay. Answers how many. */
  removeEventsBefore(ms: number): Promise<number>;
  /** Oldest first; they stay until `outboxDone`. */
  outbox(limit: number): Promise<readonly (OutboxJob & { readonly outboxId: number })[]>;
  outboxDone(outboxIds: readonly number[]): Promise<void>;
  /** Uploads still open whose last change is older. */
  staleUploads(olderThanMs: number, limit: number): Promise<readonly MediaRow[]>;
  close(): Promise<void>;
}

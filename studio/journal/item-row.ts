import type { MediaState } from "#contracts/media-state.ts";
import type { ErrorCode } from "#kernel/errors.ts";

/** One picture of a job. */
export interface ItemRow {
  readonly id: string;
  readonly jobId: string;
  /** From 0, never changes. */
  readonly index: number;
  /** Path below the job's root, with `/`. */
  readonly file: string;
  readonly size: number;
  /** Decimal; nanoseconds do not fit a number. */
  readonly mtimeNs: string;
  readonly state: MediaState;
  /** The store had it, marked, before this run came to it, or another file of this run brought the same bytes. */
  readonly already: boolean;
  readonly mediaId: string | null;
  /** Of the server's row that was seen last; 0: none. */
  readonly mediaVersion: number;
  readonly objectKey: string | null;
  readonly markedKey: string | null;
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  readonly traceId: string;
  readonly run: number;
  readonly seen: number;
  readonly settledRun: number;
}

export type ItemChange = Partial<
  Pick<
    ItemRow,
    | "state"
    | "already"
    | "mediaId"
    | "mediaVersion"
    | "objectKey"
    | "markedKey"
    | "errorCode"
    | "errorMessage"
    | "seen"
    | "settledRun"
    | "size"
    | "mtimeNs"
  >
>;

/** True when the item's latest run has brought it to an end. */
export function isItemSettled(item: ItemRow): boolean {
  return item.settledRun === item.run;
}

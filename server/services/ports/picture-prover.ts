import type { TouchedBox } from "./image-marker.ts";

export interface ProofRequest {
  readonly original: Uint8Array;
  /** Of `original`, verified when it was fetched; lower-case hex. */
  readonly originalSha256: string;
  readonly marked: Uint8Array;
  /** Where the mark may have changed pixels, as the marker has told. */
  readonly touched: readonly TouchedBox[];
  /** `exact`: less is no proof; what a way of marking promises that leaves all else as it is. */
  readonly claims?: "exact" | undefined;
  readonly template: { readonly name: string; readonly version: string };
  /** In the store; `null` for a file. */
  readonly objectKey: string | null;
  readonly markedKey: string | null;
  readonly traceId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface PictureProof {
  /** Canonical JSON, signed: `proofRecordSchema` of shared/contracts/proof-record.ts. */
  readonly record: Uint8Array;
  /** Of the bytes that were compared, lower-case hex: the store that is told it takes no others. */
  readonly markedSha256: string;
  readonly class: "exact" | "bounded" | "whole_image";
}

/** Proves that a marked picture is its original but for the mark (spec.md S15). */
export interface PictureProver {
  /**
   * @throws AppError `proof.failed` when the marked picture differs outside the mark, `picture.truncated` or
   *   `picture.corrupt` when one of the two cannot be read; never retried. `deadline_exceeded`, `unavailable`,
   *   `aborted`: try again.
   */
  prove(request: ProofRequest): Promise<PictureProof>;
  close(): Promise<void>;
}

import type { PixelBox } from "#imaging/orientation.ts";

export interface ProofRequest {
  readonly original: Uint8Array;
  readonly marked: Uint8Array;
  /** Where the mark may have changed pixels, on the pixels as they are stored; each frame of an animation alike. */
  readonly touched: readonly PixelBox[];
  readonly template: { readonly name: string; readonly version: string };
  readonly objectKey: string;
  readonly markedKey: string;
  readonly traceId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface PictureProof {
  /** Canonical JSON, signed: `proofRecordSchema` of shared/contracts/proof-record.ts. */
  readonly record: Uint8Array;
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

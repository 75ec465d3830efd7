import type { PixelBox } from "#imaging/orientation.ts";

export interface ProofRequest {
  readonly original: Uint8Array;
  readonly marked: Uint8Array;
  readonly touched: readonly PixelBox[];
  readonly template: { readonly name: string; readonly version: string };
  readonly objectKey: string;
  readonly markedKey: string;
  readonly traceId: string;
  readonly signal?: AbortSignal | undefined;
}

export interface PictureProof {
  readonly record: Uint8Array;
  readonly class: "exact" | "bounded" | "whole_image";
}

export interface PictureProver {
  prove(request: ProofRequest): Promise<PictureProof>;
  close(): Promise<void>;
}

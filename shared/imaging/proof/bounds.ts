import type { ProofDifference } from "#contracts/proof-record.ts";
import type { MarkableFormat } from "../picture-format.ts";

export interface LossyBounds {
  readonly bounds: ProofDifference;
  /** Pixels around the mark that coding it changes, too: whole blocks, and what filters across them. */
  readonly margin: number;
}

/**
 * How much a picture that has been coded again may differ outside the mark, in parts of 255. What a single pixel may
 * lose says little, for busy pictures lose much there; the mean over the worst 32 × 32 pixels tells a changed detail
 * from coding. Lossless formats are not here: theirs must not differ at all.
 */
export const LOSSY_BOUNDS: Readonly<Record<Exclude<MarkableFormat, "png">, LossyBounds>> = {
  jpeg: { bounds: { max: 96, mean: 4, tile: 16 }, margin: 32 },
  webp: { bounds: { max: 128, mean: 5, tile: 20 }, margin: 32 },
  avif: { bounds: { max: 160, mean: 6, tile: 24 }, margin: 64 },
  tiff: { bounds: { max: 96, mean: 4, tile: 16 }, margin: 32 },
  gif: { bounds: { max: 160, mean: 8, tile: 32 }, margin: 0 },
};

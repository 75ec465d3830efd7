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
 * from coding. Photographs stay below a third of this (max 26, mean 1.4, tile 4.5 over qualities 30 to 95); pure noise
 * at quality 80, the worst there is, just below all of it. PNG is not here: it must not differ at all.
 */
export const LOSSY_BOUNDS: Readonly<Record<Exclude<MarkableFormat, "png">, LossyBounds>> = {
  jpeg: { bounds: { max: 96, mean: 12, tile: 16 }, margin: 32 },
  tiff: { bounds: { max: 96, mean: 12, tile: 16 }, margin: 32 },
  webp: { bounds: { max: 64, mean: 8, tile: 12 }, margin: 32 },
  avif: { bounds: { max: 112, mean: 14, tile: 18 }, margin: 64 },
  gif: { bounds: { max: 96, mean: 8, tile: 24 }, margin: 0 },
};

import type { ProofEvidence, ProofMetadata } from "#contracts/proof-record.ts";
import type { PixelBox } from "../orientation.ts";
import { type MarkableFormat, sniffPicture } from "../picture-format.ts";
import type { ProofKernel } from "../wasm/proof-kernel.ts";
import type { Sha256 } from "./block-digest.ts";
import { LOSSY_BOUNDS } from "./bounds.ts";
import { compareCoefficients } from "./compare-coefficients.ts";
import { compareMetadata, jpegMetadata } from "./compare-metadata.ts";
import { countPixels, differingBoxes, digestPixels, measurePixels, TILE } from "./compare-pixels.ts";
import { areComparable, type DecodedPicture, type DecodePicture } from "./decoded-picture.ts";
import { UnreadableCoefficients } from "./jpeg-markers.ts";
import { boxesOfCells, cellBoxes, clippedBoxes, grownBoxes } from "./region.ts";
import { looksSpliced } from "./spliced-head.ts";

export interface ProofTools {
  readonly kernel: ProofKernel;
  readonly sha256: Sha256;
  readonly decode: DecodePicture;
}

export interface Pair {
  readonly original: Uint8Array;
  readonly marked: Uint8Array;
}

export interface PairQuestion {
  /** Stored pixels that the mark may have changed, the same in each frame; `null`: find them. */
  readonly touched: readonly PixelBox[] | null;
  /** `exact`: less is no proof. Without it the best class that holds is proven. */
  readonly claims?: "exact" | undefined;
}

export interface PairFacts {
  readonly format: MarkableFormat;
  readonly width: number;
  readonly height: number;
}

export type PairFinding =
  | { readonly proven: true; readonly evidence: ProofEvidence; readonly facts: PairFacts }
  /** `kind`: other format, size, depth or channels; `outside`: not equal there; `bounds`: not even near. */
  | {
      readonly proven: false;
      readonly reason: "kind" | "outside" | "bounds";
      /** Boxes around what differs outside, in stored pixels. */
      readonly where: readonly PixelBox[];
    };

/** A region that is found, and not told, may be this part of the picture at most: else "outside" means nothing. */
const LARGEST_FOUND = 0.5;
/** In a spliced JPEG that went wrong, fewer MCUs than this part differ; in one that was coded again, more do. */
const FEW = 0.01;

/**
 * Compares a picture with its marked version: coefficients where both are JPEGs that can be read so, else pixels.
 * @throws AppError `picture.*` when one of them cannot be decoded.
 */
export async function examinePair(
  pair: Pair,
  question: PairQuestion,
  tools: ProofTools,
): Promise<PairFinding> {
  if (sniffPicture(pair.original) === "jpeg" && sniffPicture(pair.marked) === "jpeg") {
    const finding = await byCoefficients(pair, question, tools);
    if (finding) return finding;
  }
  return await byPixels(pair, question, tools);
}

/** `null`: coefficients do not tell, pixels must. */
async function byCoefficients(
  pair: Pair,
  { touched, claims }: PairQuestion,
  { kernel, sha256 }: ProofTools,
): Promise<PairFinding | null> {
  try {
    let region = touched ?? [];
    let compared = await compareCoefficients(kernel, pair, region, sha256);
    const { frame } = compared;
    region = clippedBoxes(region, frame);
    const isWrong = compared.sameHead ? compared.differing > 0 : true;
    if (touched !== null && isWrong) {
      const few = compared.sameHead && compared.differing <= compared.compared * FEW;
      const fails = claims === "exact" || (few && looksSpliced(pair.original, pair.marked));
      return fails ? { proven: false, reason: "outside", where: compared.where } : null;
    }
    if (!compared.sameHead) return null;
    if (touched === null && compared.differing > 0) {
      region = compared.where;
      if (areaOf(region) > LARGEST_FOUND * frame.width * frame.height) return null;
      compared = await compareCoefficients(kernel, pair, region, sha256);
    }
    const { digest, leftOut } = compared;
    if (compared.compared === 0 || !digest) return null;
    const evidence: ProofEvidence = {
      class: "exact",
      basis: "coefficients",
      touched: [...region],
      outside: { compared: compared.compared, leftOut, unit: "mcu" },
      metadata: compareMetadata(jpegMetadata(pair.original), jpegMetadata(pair.marked)),
      digest,
    };
    return { proven: true, evidence, facts: { format: "jpeg", width: frame.width, height: frame.height } };
  } catch (error) {
    if (!(error instanceof UnreadableCoefficients)) throw error;
    return null;
  }
}

async function byPixels(pair: Pair, question: PairQuestion, tools: ProofTools): Promise<PairFinding> {
  const original = await tools.decode(pair.original);
  const marked = await tools.decode(pair.marked);
  if (original.format !== marked.format || !areComparable(original, marked))
    return { proven: false, reason: "kind", where: [] };
  const { format, width, height } = original;
  const touched = clippedBoxes(question.touched ?? [], original);
  const found = differingBoxes(original, marked, touched);
  const isFound = question.touched === null && areaOf(found) <= LARGEST_FOUND * width * height;
  const metadata = metadataOf(pair, original, marked);
  const facts = { format, width, height };

  const exact = found.length === 0 ? touched : isFound ? found : null;
  if (exact) {
    const counts = countPixels(original, exact);
    if (counts.compared === 0) return wholeImage(original, marked, exact, metadata);
    const digest = await digestPixels(original, exact, tools.sha256);
    const outside = { ...counts, unit: "pixel" } as const;
    const evidence = { class: "exact", basis: "pixels", touched: exact, outside, metadata, digest } as const;
    return { proven: true, evidence, facts };
  }
  if (question.claims === "exact" || format === "png" || (original.lossless && marked.lossless))
    return { proven: false, reason: "outside", where: found };
  return bounded(original, marked, question.touched === null ? null : touched, metadata);
}

function bounded(
  original: DecodedPicture,
  marked: DecodedPicture,
  told: readonly PixelBox[] | null,
  metadata: ProofMetadata,
): PairFinding {
  const { format, width, height } = original;
  const { bounds, margin } = LOSSY_BOUNDS[format as keyof typeof LOSSY_BOUNDS];
  const touched = told ?? changedTiles(original, marked, [], bounds.tile);
  if (told === null && areaOf(touched) > LARGEST_FOUND * width * height)
    return wholeImage(original, marked, touched, metadata);
  const left = grownBoxes(touched, margin, TILE, original);
  const counts = countPixels(original, left);
  if (counts.compared === 0) return wholeImage(original, marked, touched, metadata);
  const { channels } = measurePixels(original, marked, left);
  const isWithin = channels.every(
    ({ max, mean, tile }) => max <= bounds.max && mean <= bounds.mean && tile <= bounds.tile,
  );
  if (!isWithin)
    return { proven: false, reason: "bounds", where: changedTiles(original, marked, left, bounds.tile) };
  const evidence: ProofEvidence = {
    class: "bounded",
    basis: "pixels",
    touched: [...touched],
    outside: { ...counts, unit: "pixel" },
    metadata,
    margin,
    bounds,
    measured: channels,
  };
  return { proven: true, evidence, facts: { format, width, height } };
}

/** Boxes around the tiles of the first frame whose mean differs by more than `limit`. */
function changedTiles(
  original: DecodedPicture,
  marked: DecodedPicture,
  touched: readonly PixelBox[],
  limit: number,
): PixelBox[] {
  const columns = Math.ceil(original.width / TILE);
  const cells = new Uint8Array(columns * Math.ceil(original.height / TILE));
  measurePixels(original, marked, touched, (x, y, mean) => {
    if (mean > limit) cells[y * columns + x] = 1;
  });
  return boxesOfCells(cellBoxes(cells, columns), { width: TILE, height: TILE }, original);
}

/** Nothing lies outside: what is known is by how much all of it differs. */
function wholeImage(
  original: DecodedPicture,
  marked: DecodedPicture,
  touched: readonly PixelBox[],
  metadata: ProofMetadata,
): PairFinding {
  const { format, width, height } = original;
  const { channels, psnr } = measurePixels(original, marked, []);
  const evidence: ProofEvidence = {
    class: "whole_image",
    basis: "pixels",
    touched: [...touched],
    outside: { compared: 0, leftOut: countPixels(original, []).compared, unit: "pixel" },
    metadata,
    psnr,
    measured: channels,
  };
  return { proven: true, evidence, facts: { format, width, height } };
}

function metadataOf(pair: Pair, original: DecodedPicture, marked: DecodedPicture): ProofMetadata {
  if (original.format !== "jpeg") return compareMetadata(original.metadata, marked.metadata);
  try {
    return compareMetadata(jpegMetadata(pair.original), jpegMetadata(pair.marked));
  } catch (error) {
    if (!(error instanceof UnreadableCoefficients)) throw error;
    return compareMetadata(original.metadata, marked.metadata);
  }
}

/** Of boxes that may overlap, so at least their union's. */
function areaOf(boxes: readonly PixelBox[]): number {
  return boxes.reduce((sum, { width, height }) => sum + width * height, 0);
}

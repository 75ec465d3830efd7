import type { ProofEvidence, ProofMetadata } from "#contracts/proof-record.ts";
import type { PixelBox } from "../orientation.ts";
import { type MarkableFormat, sniffPicture } from "../picture-format.ts";
import type { ProofKernel } from "../wasm/proof-kernel.ts";
import { asSeen } from "./as-seen.ts";
import type { Sha256 } from "./block-digest.ts";
import { LOSSY_BOUNDS } from "./bounds.ts";
import { compareCoefficients, isDamaged } from "./compare-coefficients.ts";
import { compareMetadata, jpegMetadata } from "./compare-metadata.ts";
import {
  changedTiles,
  countPixels,
  differingBoxes,
  digestPixels,
  measurePixels,
  type PageRegions,
  TILE,
} from "./compare-pixels.ts";
import { areComparable, type DecodedPicture, type DecodePicture } from "./decoded-picture.ts";
import { UnreadableCoefficients } from "./jpeg-markers.ts";
import { clippedBoxes, grownBoxes } from "./region.ts";
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
  /** The same for a TIFF's further pages. @default those that `touched` does not fit are found */
  readonly furtherPages?: PageRegions | undefined;
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
  /** `kind`: other format, size, depth or channels; `damaged`: the marked JPEG is not as the standard says, which no
   *  marker of ours writes; `outside`: not equal there; `bounds`: not even near. */
  | {
      readonly proven: false;
      readonly reason: "kind" | "damaged" | "outside" | "bounds";
      /** Boxes around what differs outside, in stored pixels. */
      readonly where: readonly PixelBox[];
    };

/** A region that is found, and not told, may be this part of the picture at most: else "outside" means nothing. */
const LARGEST_FOUND = 0.5;
/** In a spliced JPEG that went wrong, fewer MCUs than this part differ; in one that was coded again, more do. */
const FEW = 0.01;
/** A mark over more of a large JPEG than this is left to the decoder, and all of the picture is coded again (ADR 8). */
const MOST_SPLICED = 0.25;

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
      const { sameHead, differing, leftOut } = compared;
      const few = sameHead && differing <= compared.compared * FEW;
      const small = leftOut <= (compared.compared + leftOut) * MOST_SPLICED;
      const fails = claims === "exact" || (few && small && looksSpliced(pair.original, pair.marked));
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
      furtherPages: [],
      outside: { compared: compared.compared, leftOut, unit: "mcu" },
      metadata: compareMetadata(jpegMetadata(pair.original), jpegMetadata(pair.marked)),
      digest,
    };
    return { proven: true, evidence, facts: { format: "jpeg", width: frame.width, height: frame.height } };
  } catch (error) {
    if (!(error instanceof UnreadableCoefficients)) throw error;
    // Decoders forgive a damaged JPEG a lot, and need not say so. An original may be one, what we made of it may not.
    return isDamaged(kernel, pair.marked) ? { proven: false, reason: "damaged", where: [] } : null;
  }
}

async function byPixels(pair: Pair, question: PairQuestion, tools: ProofTools): Promise<PairFinding> {
  const original = await tools.decode(pair.original);
  const marked = await tools.decode(pair.marked);
  if (original.format !== marked.format || !areComparable(original, marked))
    return { proven: false, reason: "kind", where: [] };
  const { format, lossless } = original;
  const told = regionsTold(original, question);
  const found = differingBoxes(original, marked, told);
  const exact = exactRegions(original, marked, question, told, found);
  const metadata = metadataOf(pair, original, marked);
  if (exact) {
    const counts = countPixels(original, exact);
    if (counts.compared === 0) return wholeImage(original, marked, exact, metadata);
    const digest = await digestPixels(original, exact, tools.sha256);
    const outside = { ...counts, unit: "pixel" } as const;
    return proven(original, { class: "exact", basis: "pixels", ...named(exact), outside, metadata, digest });
  }
  if (question.claims === "exact" || format === "png" || (lossless && marked.lossless))
    return { proven: false, reason: "outside", where: found[0]! };
  return bounded(original, marked, question, told, metadata);
}

function regionsTold(picture: DecodedPicture, { touched, furtherPages }: PairQuestion): PixelBox[][] {
  return picture.pages.map((page, i) => {
    const boxes = i === 0 ? touched : (furtherPages?.[i - 1] ?? touched);
    return clippedBoxes(boxes ?? [], { width: page.width, height: page.height / picture.frames });
  });
}

/** True where the region of a page may be found rather than told. */
function mayFind({ touched, furtherPages }: PairQuestion, page: number): boolean {
  return touched === null || (page > 0 && furtherPages === undefined);
}

/** The regions outside of which all pixels are equal; `null`: not even those that are found make it so. */
function exactRegions(
  original: DecodedPicture,
  marked: DecodedPicture,
  question: PairQuestion,
  told: readonly PixelBox[][],
  found: readonly PixelBox[][],
): readonly PixelBox[][] | null {
  if (found.every((boxes) => boxes.length === 0)) return told;
  const alone = question.touched === null ? found : differingBoxes(original, marked, []);
  const regions = original.pages.map(({ width, height }, i) => {
    if (found[i]!.length === 0) return told[i]!;
    const most = (LARGEST_FOUND * width * height) / original.frames;
    return mayFind(question, i) && areaOf(alone[i]!) <= most ? alone[i]! : null;
  });
  return regions.every((boxes) => boxes !== null) ? regions : null;
}

function bounded(
  stored: DecodedPicture,
  storedMarked: DecodedPicture,
  question: PairQuestion,
  told: readonly PixelBox[][],
  metadata: ProofMetadata,
): PairFinding {
  const [original, marked] = [asSeen(stored), asSeen(storedMarked)];
  const { format, width, height, frames } = original;
  const { bounds, margin } = LOSSY_BOUNDS[format as keyof typeof LOSSY_BOUNDS];
  const isFound = told.map((_, page) => mayFind(question, page));
  const changed = isFound.includes(true) ? changedTiles(original, marked, [], bounds.tile) : [];
  const regions = told.map((boxes, page) => (isFound[page] ? changed[page]! : boxes));
  if (isFound[0] && areaOf(regions[0]!) > LARGEST_FOUND * width * height)
    return wholeImage(original, marked, regions, metadata);
  const left = original.pages.map((page, i) =>
    grownBoxes(regions[i]!, margin, TILE, { width: page.width, height: page.height / frames }),
  );
  const counts = countPixels(original, left);
  if (counts.compared === 0) return wholeImage(original, marked, regions, metadata);
  const { channels: measured } = measurePixels(original, marked, left);
  const isWithin = measured.every(
    ({ max, mean, tile }) => max <= bounds.max && mean <= bounds.mean && tile <= bounds.tile,
  );
  if (!isWithin)
    return {
      proven: false,
      reason: "bounds",
      where: changedTiles(original, marked, left, bounds.tile)[0]!,
    };
  const outside = { ...counts, unit: "pixel" } as const;
  const what = { class: "bounded", basis: "pixels" } as const;
  return proven(original, { ...what, ...named(regions), outside, metadata, margin, bounds, measured });
}

/** Nothing lies outside: what is known is by how much all of it differs. */
function wholeImage(
  original: DecodedPicture,
  marked: DecodedPicture,
  regions: readonly PixelBox[][],
  metadata: ProofMetadata,
): PairFinding {
  const { channels: measured, psnr } = measurePixels(original, marked, []);
  const leftOut = countPixels(original, []).compared;
  const outside = { compared: 0, leftOut, unit: "pixel" } as const;
  const what = { class: "whole_image", basis: "pixels" } as const;
  return proven(original, { ...what, ...named(regions), outside, metadata, psnr, measured });
}

function proven({ format, width, height }: PairFacts, evidence: ProofEvidence): PairFinding {
  return { proven: true, evidence, facts: { format, width, height } };
}

function named([touched = [], ...furtherPages]: readonly PixelBox[][]) {
  return { touched, furtherPages };
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

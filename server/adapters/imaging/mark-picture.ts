import type { MarkSpec } from "#contracts/mark-spec.ts";
import { blendMask, type Pixels } from "#imaging/blend.ts";
import { type CoverageMask, maskOnStoredPixels, orientationOf, swapsSides } from "#imaging/orientation.ts";
import { integers, TiffReader } from "#imaging/tiff-directory.ts";
import { withTagsOf } from "#imaging/tiff-writer.ts";
import { decodePixels } from "./decode-pixels.ts";
import { encodePicture, encodeTiffPage } from "./encode-picture.ts";
import { inspectTiffPage, type PictureFacts } from "./inspect-picture.ts";
import { markAvif } from "./mark-avif.ts";
import type { MarkColors } from "./mark-color.ts";
import { corruptPicture } from "./picture-errors.ts";
import type { TextRasteriser } from "./text-rasteriser.ts";

export interface MarkTools {
  readonly rasteriser: TextRasteriser;
  readonly colors: MarkColors;
}

/**
 * Marks one picture: decode, blend in the picture's own colour space, code again, metadata kept.
 * @throws AppError as `ImageMarker.mark`.
 */
export async function markPicture(
  source: Uint8Array,
  facts: PictureFacts,
  mark: MarkSpec,
  tools: MarkTools,
): Promise<Uint8Array> {
  if (facts.format === "tiff") return await markTiff(source, facts, mark, tools);
  const mask = storedMask(facts, facts.orientation, mark, tools.rasteriser);
  if (facts.format === "avif") {
    const color = await tools.colors.inSpaceOf({ ...facts, bits: 8 }, mark.color);
    return await markAvif(source, facts, mask, color, mark.opacity);
  }
  const color = await tools.colors.inSpaceOf(facts, mark.color);
  const pixels = await decodePixels(source, facts);
  for (const frame of frameMasks(mask, facts)) blendMask(pixels, frame, color, mark.opacity);
  const marked = await encodePicture(source, { ...facts, format: facts.format }, pixels);
  release(pixels);
  return marked;
}

/** Gives the memory back now: the collector would leave a large picture's or two's about in each thread. */
function release({ samples }: Pixels): void {
  const { buffer } = samples;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === samples.byteLength) buffer.transfer(0);
}

/** Frames stand one above the other; each gets the mask at its own height. */
function frameMasks(mask: CoverageMask, facts: PictureFacts): CoverageMask[] {
  return Array.from({ length: facts.frames }, (_, frame) => ({
    ...mask,
    top: mask.top + frame * facts.height,
  }));
}

/** The mark's coverage on the pixels as they are stored. */
export function storedMask(
  stored: { readonly width: number; readonly height: number },
  orientation: PictureFacts["orientation"],
  mark: MarkSpec,
  rasteriser: TextRasteriser,
): CoverageMask {
  const upright = swapsSides(orientation) ? { width: stored.height, height: stored.width } : stored;
  return maskOnStoredPixels(rasteriser.mask(mark, upright), orientation, stored);
}

const ORIENTATION = 274;

/** Page after page, each with its own size and orientation. */
async function markTiff(
  source: Uint8Array,
  facts: PictureFacts,
  mark: MarkSpec,
  tools: MarkTools,
): Promise<Uint8Array> {
  const directories = new TiffReader(source).pages();
  if (directories.length < facts.pages) throw corruptPicture("tiff");
  const coded: Uint8Array[] = [];
  for (let page = 0; page < facts.pages; page++) {
    const directory = directories[page]!;
    const pageFacts = page === 0 ? facts : await inspectTiffPage(source, page);
    const pixels: Pixels = await decodePixels(source, pageFacts, page);
    const orientation = orientationOf(integers(directory.get(ORIENTATION))[0]);
    const color = await tools.colors.inSpaceOf(pageFacts, mark.color);
    blendMask(pixels, storedMask(pixels, orientation, mark, tools.rasteriser), color, mark.opacity);
    coded.push(await encodeTiffPage(pageFacts, pixels, directory));
    release(pixels);
  }
  return withTagsOf(source, coded);
}

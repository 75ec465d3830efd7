import type { ResolvedMark } from "#contracts/mark-operator.ts";
import { blendTiles, type Pixels } from "#imaging/blend.ts";
import { orientationOf, type PixelBox, swapsSides } from "#imaging/orientation.ts";
import type { OverlayRenderer } from "#imaging/overlay/overlay-renderer.ts";
import type { InkTile } from "#imaging/overlay.ts";
import { integers, TiffReader } from "#imaging/tiff-directory.ts";
import { withTagsOf } from "#imaging/tiff-writer.ts";
import type { MarkPath, TouchedBox } from "../../services/ports/image-marker.ts";
import { decodePixels } from "./decode-pixels.ts";
import { encodePicture, encodeTiffPage, losesPixels } from "./encode-picture.ts";
import type { InkFacts, InkWell } from "./ink-tiles.ts";
import { inspectTiffPage, type PictureFacts } from "./inspect-picture.ts";
import { markAvif } from "./mark-avif.ts";
import { corruptPicture } from "./picture-errors.ts";

export interface MarkTools {
  readonly renderer: OverlayRenderer;
  readonly inks: InkWell;
}

export interface MarkedBytes {
  readonly bytes: Uint8Array;
  readonly path: MarkPath;
  readonly touched: readonly TouchedBox[];
}

/** A mark on the pixels of a picture as they are stored, in its colour space. */
export async function inkTiles(
  mark: ResolvedMark,
  facts: InkFacts,
  { renderer, inks }: MarkTools,
): Promise<InkTile[]> {
  const { width, height } = facts;
  const upright = swapsSides(facts.orientation) ? { width: height, height: width } : { width, height };
  return await inks.tiles(renderer.render(mark, upright), facts);
}

/** The boxes of tiles on a page of a picture. */
export function touchedBy(tiles: readonly InkTile[], page = 0): TouchedBox[] {
  return tiles.map(({ left, top, width, height }: PixelBox) => ({ left, top, width, height, page }));
}

/**
 * Marks one picture: decode, blend in the picture's own colour space, code again, metadata kept. Where the mark has
 * nothing to show, the picture is decoded to see that it is whole, and stays as it is.
 * @throws AppError as `ImageMarker.mark`.
 */
export async function markPicture(
  source: Uint8Array,
  facts: PictureFacts,
  mark: ResolvedMark,
  tools: MarkTools,
): Promise<MarkedBytes> {
  if (facts.format === "tiff") return await markTiff(source, facts, mark, tools);
  return await layOver(source, { ...facts, format: facts.format }, await inkTiles(mark, facts, tools));
}

/** `markPicture` with a mark that is drawn already. */
export async function layOver(
  source: Uint8Array,
  facts: PictureFacts & { readonly format: Exclude<PictureFacts["format"], "tiff"> },
  tiles: readonly InkTile[],
): Promise<MarkedBytes> {
  const touched = touchedBy(tiles);
  if (facts.format === "avif" && tiles.length > 0)
    return { bytes: await markAvif(source, facts, tiles), path: "recoded", touched };
  const pixels = await decodePixels(source, facts);
  if (facts.format === "avif" || tiles.length === 0) return { bytes: source, path: "pixels", touched };
  // Frames stand one above the other.
  for (let frame = 0; frame < facts.frames; frame++) blendTiles(pixels, tiles, frame * facts.height);
  const form = { ...facts, format: facts.format };
  const bytes = await encodePicture(source, form, pixels);
  release(pixels);
  return { bytes, path: losesPixels(source, form) ? "recoded" : "pixels", touched };
}

/** Gives the memory back now: the collector would leave a large picture's or two's about in each thread. */
function release({ samples }: Pixels): void {
  const { buffer } = samples;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === samples.byteLength) buffer.transfer(0);
}

const ORIENTATION = 274;

/** Page after page, each with its own size and orientation. */
async function markTiff(
  source: Uint8Array,
  facts: PictureFacts,
  mark: ResolvedMark,
  tools: MarkTools,
): Promise<MarkedBytes> {
  const directories = new TiffReader(source).pages();
  if (directories.length < facts.pages) throw corruptPicture("tiff");
  const coded: Uint8Array[] = [];
  const touched: TouchedBox[] = [];
  let path: MarkPath = "pixels";
  for (let page = 0; page < facts.pages; page++) {
    const directory = directories[page]!;
    const pageFacts = page === 0 ? facts : await inspectTiffPage(source, page);
    const pixels: Pixels = await decodePixels(source, pageFacts, page);
    const orientation = orientationOf(integers(directory.get(ORIENTATION))[0]);
    const { width, height } = pixels;
    const tiles = await inkTiles(mark, { ...pageFacts, width, height, orientation }, tools);
    blendTiles(pixels, tiles);
    touched.push(...touchedBy(tiles, page));
    const { bytes, lossy } = await encodeTiffPage(pageFacts, pixels, directory);
    if (lossy) path = "recoded";
    coded.push(bytes);
    release(pixels);
  }
  if (touched.length === 0) return { bytes: source, path: "pixels", touched };
  return { bytes: withTagsOf(source, coded), path, touched };
}

import sharp from "sharp";
import type { DecodedPage, DecodedPicture } from "#imaging/proof/decoded-picture.ts";
import { integers, TiffReader } from "#imaging/tiff-directory.ts";
import { isLosslessWebp } from "#imaging/webp-chunks.ts";
import { decodePixels } from "../imaging/decode-pixels.ts";
import { inspectPicture, inspectTiffPage, type PictureFacts } from "../imaging/inspect-picture.ts";

/** No single picture may need more than this, decoded. */
const MOST_DECODED_BYTES = 2 * 1024 ** 3;
const COMPRESSION = 259;
/** JPEG in its three spellings, JPEG 2000, WebP. */
const LOSSY_TIFF = new Set([6, 7, 33_003, 34_712, 50_001]);

/** Decodes a picture for the proof: samples as they are stored. @throws AppError `picture.*` */
export async function decodePicture(bytes: Uint8Array): Promise<DecodedPicture> {
  const facts = await inspectPicture(bytes, MOST_DECODED_BYTES);
  const first = await decodePixels(bytes, facts);
  // Whether a GIF has a transparent colour is a matter of its palette, and coding it anew may make one.
  const pages: DecodedPage[] = [facts.format === "gif" && first.channels === 3 ? withAlpha(first) : first];
  for (let page = 1; page < facts.pages; page++)
    pages.push(await decodePixels(bytes, await inspectTiffPage(bytes, page), page));
  const { format, width, height, frames, bits, space } = facts;
  const lossless = isLossless(bytes, facts);
  return { format, lossless, width, height, frames, bits, space, pages, metadata: await metadataOf(bytes) };
}

/** Opaque. */
function withAlpha(page: DecodedPage): DecodedPage {
  const samples = new Uint8Array((page.samples.length / 3) * 4).fill(255);
  for (let from = 0, to = 0; from < page.samples.length; from += 3, to += 4)
    samples.set(page.samples.subarray(from, from + 3), to);
  return { ...page, channels: 4, samples };
}

/** A GIF keeps its pixels, but its palette may have had to be made anew. */
function isLossless(bytes: Uint8Array, { format }: PictureFacts): boolean {
  if (format === "png") return true;
  if (format === "webp") return isLosslessWebp(bytes);
  if (format !== "tiff") return false;
  return new TiffReader(bytes)
    .pages()
    .every((page) => !LOSSY_TIFF.has(integers(page.get(COMPRESSION))[0] ?? 1));
}

async function metadataOf(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const { icc, exif, iptc, xmp } = await sharp(bytes, { limitInputPixels: false, failOn: "none" }).metadata();
  const found = Object.entries({ ICC: icc, EXIF: exif, IPTC: iptc, XMP: xmp });
  return new Map(found.flatMap(([name, value]) => (value ? [[name, new Uint8Array(value)] as const] : [])));
}

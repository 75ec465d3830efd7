import sharp, { type Sharp } from "sharp";
import type { Pixels } from "#imaging/blend.ts";
import { withBlocksOf } from "#imaging/gif-blocks.ts";
import { jpegCoding } from "#imaging/jpeg-quality.ts";
import { jpegSegments, withSegmentsOf } from "#imaging/jpeg-segments.ts";
import { isInterlacedPng, withChunksOf } from "#imaging/png-chunks.ts";
import { integers, type TiffDirectory } from "#imaging/tiff-directory.ts";
import { inkTiff } from "#imaging/tiff-writer.ts";
import { isLosslessWebp, withRiffChunksOf } from "#imaging/webp-chunks.ts";
import { DECODE_SECONDS, SPACE_NAMES } from "./decode-pixels.ts";
import type { PictureFacts } from "./inspect-picture.ts";

/** Lossy WebP does not say how it was made; this is above what cameras' and shops' programs use. */
const WEBP_QUALITY = 92;
/** Of a JPEG inside a TIFF. */
const TIFF_JPEG_QUALITY = 95;

/** Codes marked pixels in their source's format and gives them its metadata. TIFF pages: `encodeTiffPage`. */
export async function encodePicture(
  source: Uint8Array,
  facts: PictureFacts & { readonly format: "jpeg" | "png" | "webp" | "gif" },
  pixels: Pixels,
): Promise<Uint8Array> {
  const input = sharpOf(facts, pixels);
  switch (facts.format) {
    case "jpeg": {
      const coding = jpegCoding(source, jpegSegments(source));
      // Own Huffman tables would make the file a few per cent smaller and take several times as long.
      const coded = await input.jpeg({ ...coding, optimiseCoding: false }).toBuffer();
      return withSegmentsOf(source, coded);
    }
    case "png": {
      const coded = await input
        .png({ compressionLevel: 6, adaptiveFiltering: true, progressive: isInterlacedPng(source) })
        .toBuffer();
      return withChunksOf(source, coded);
    }
    case "webp": {
      const lossless = isLosslessWebp(source);
      const coded = await input
        .webp({
          ...animation(facts),
          lossless,
          exact: lossless,
          quality: lossless ? 75 : WEBP_QUALITY,
          smartSubsample: true,
        })
        .toBuffer();
      return withRiffChunksOf(source, coded, facts);
    }
    case "gif": {
      const coded = await input
        .gif({ ...animation(facts), colours: 256, dither: 0, keepDuplicateFrames: true })
        .toBuffer();
      return withBlocksOf(source, coded);
    }
  }
}

/** True when `encodePicture` codes this picture in a form that changes pixels. */
export function losesPixels(source: Uint8Array, facts: Pick<PictureFacts, "format">): boolean {
  return facts.format !== "png" && !(facts.format === "webp" && isLosslessWebp(source));
}

function animation(facts: PictureFacts): { loop?: number; delay?: number[] } {
  return facts.frames > 1 ? { loop: facts.loop, delay: [...facts.delays] } : {};
}

const COMPRESSION = 259;
const PREDICTOR = 317;
/** TIFF's numbers for compressions; fax coding knows no half tones, and the rare ones become a common lossless one. */
const COMPRESSIONS: Readonly<Record<number, "none" | "lzw" | "deflate" | "jpeg" | "packbits" | "zstd">> = {
  1: "none",
  5: "lzw",
  7: "jpeg",
  8: "deflate",
  32773: "packbits",
  32946: "deflate",
  50000: "zstd",
};

/** Codes one page as a TIFF of its own, compressed as the source's page was. `lossy`: pixels come out changed. */
export async function encodeTiffPage(
  facts: PictureFacts,
  pixels: Pixels,
  source: TiffDirectory,
): Promise<{ readonly bytes: Uint8Array; readonly lossy: boolean }> {
  const wanted = COMPRESSIONS[integers(source.get(COMPRESSION))[0] ?? 1] ?? "lzw";
  const compression = wanted === "jpeg" && (facts.hasAlpha || facts.space === "cmyk") ? "lzw" : wanted;
  const predicted = integers(source.get(PREDICTOR))[0] === 2;
  const bytes = await sharpOf(facts, pixels)
    .tiff({
      compression,
      predictor: predicted && compression !== "jpeg" ? "horizontal" : "none",
      quality: TIFF_JPEG_QUALITY,
    })
    .toBuffer();
  return { bytes, lossy: compression === "jpeg" };
}

function sharpOf(facts: PictureFacts, pixels: Pixels): Sharp {
  const { samples, width, height, channels } = pixels;
  const options = { limitInputPixels: false } as const;
  const space = SPACE_NAMES[facts.space][facts.bits];
  if (facts.space === "cmyk") {
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    return sharp(inkTiff({ width, height, channels, bits: facts.bits }, bytes), options)
      .pipelineColourspace(space)
      .toColourspace(space)
      .timeout({ seconds: DECODE_SECONDS });
  }
  const raw = {
    width,
    height,
    channels: channels as 1 | 2 | 3 | 4,
    ...(facts.frames > 1 ? { pageHeight: facts.height } : {}),
  };
  return sharp(samples, { ...options, raw })
    .pipelineColourspace(space)
    .toColourspace(space)
    .timeout({ seconds: DECODE_SECONDS });
}

import sharp from "sharp";
import type { CoverageMask } from "#imaging/orientation.ts";
import { DECODE_SECONDS, SPACE_NAMES } from "./decode-pixels.ts";
import type { PictureFacts } from "./inspect-picture.ts";
import { unreadablePicture } from "./picture-errors.ts";
import { looksTruncated } from "./truncation.ts";

const QUALITY = 80;
/** 0 fast to 9 small. */
const EFFORT = 2;

/**
 * Marks an AVIF in one pass of the image library, which is the only way to keep its EXIF and XMP: they are items of the
 * same container as the pixels.
 * @throws AppError `picture.truncated`, `picture.corrupt`.
 * @param color 8-bit values in the picture's own space.
 */
export async function markAvif(
  source: Uint8Array,
  facts: PictureFacts,
  mask: CoverageMask,
  color: readonly number[],
  opacity: number,
): Promise<Uint8Array> {
  const overlay = Buffer.alloc(mask.coverage.length * 4);
  for (let i = 0; i < mask.coverage.length; i++) {
    for (let channel = 0; channel < 3; channel++) overlay[i * 4 + channel] = color[channel] ?? color[0]!;
    overlay[i * 4 + 3] = Math.round(mask.coverage[i]! * opacity);
  }
  const space = SPACE_NAMES[facts.space][facts.bits];
  const marked = sharp(source, { failOn: "error", ignoreIcc: true, limitInputPixels: false })
    .pipelineColourspace(space)
    .composite([
      {
        input: overlay,
        raw: { width: mask.width, height: mask.height, channels: 4 },
        left: mask.left,
        top: mask.top,
      },
    ])
    .toColourspace(space);
  // The library composites with an alpha channel; a picture that had none gets none.
  return await (facts.hasAlpha ? marked : marked.removeAlpha())
    .keepMetadata()
    .timeout({ seconds: DECODE_SECONDS })
    .avif({
      quality: QUALITY,
      effort: EFFORT,
      chromaSubsampling: facts.chromaSubsampling === "4:2:0" ? "4:2:0" : "4:4:4",
      bitdepth: facts.codedBits > 10 ? 12 : facts.codedBits > 8 ? 10 : 8,
    })
    .toBuffer()
    .catch((error: unknown) => {
      throw unreadablePicture("avif", error, looksTruncated("avif", source));
    });
}

import sharp, { type Blend, type OverlayOptions } from "sharp";
import type { BlendMode } from "#contracts/mark-operator.ts";
import { blendTiles } from "#imaging/blend.ts";
import type { InkTile } from "#imaging/overlay.ts";
import { DECODE_SECONDS, SPACE_NAMES } from "./decode-pixels.ts";
import type { PictureFacts } from "./inspect-picture.ts";
import { unreadablePicture } from "./picture-errors.ts";
import { looksTruncated } from "./truncation.ts";

const QUALITY = 80;
/** 0 fast to 9 small. */
const EFFORT = 2;

/** libvips' names. */
const BLENDS: Readonly<Record<BlendMode, Blend>> = {
  normal: "over",
  multiply: "multiply",
  screen: "screen",
  overlay: "overlay",
  soft_light: "soft-light",
};

/**
 * Marks an AVIF in one pass of the image library, which is the only way to keep its EXIF and XMP: they are items of the
 * same container as the pixels.
 * @throws AppError `picture.truncated`, `picture.corrupt`.
 */
export async function markAvif(
  source: Uint8Array,
  facts: PictureFacts,
  tiles: readonly InkTile[],
): Promise<Uint8Array> {
  const space = SPACE_NAMES[facts.space][facts.bits];
  const marked = sharp(source, { failOn: "error", ignoreIcc: true, limitInputPixels: false })
    .pipelineColourspace(space)
    .composite(alikeInARow(tiles).map(compositeOf))
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

/** Neighbours of one blend mode: the library takes one overlay for all copies of a pattern, but not thousands. */
function alikeInARow(tiles: readonly InkTile[]): InkTile[][] {
  const rows: InkTile[][] = [];
  for (const tile of tiles) {
    const row = rows.at(-1);
    if (row?.[0]?.blend === tile.blend) row.push(tile);
    else rows.push([tile]);
  }
  return rows;
}

/** Tiles of one blend mode as one overlay, each over what is below it. */
function compositeOf(tiles: readonly InkTile[]): OverlayOptions {
  const left = Math.min(...tiles.map((tile) => tile.left));
  const top = Math.min(...tiles.map((tile) => tile.top));
  const width = Math.max(...tiles.map((tile) => tile.left + tile.width)) - left;
  const height = Math.max(...tiles.map((tile) => tile.top + tile.height)) - top;
  const rgba = Buffer.alloc(width * height * 4);
  const onBox = tiles.map((tile) => ({
    ...inRgb(tile),
    left: tile.left - left,
    top: tile.top - top,
    blend: "normal" as const,
  }));
  blendTiles({ width, height, channels: 4, hasAlpha: true, samples: rgba }, onBox);
  return {
    input: rgba,
    raw: { width, height, channels: 4 },
    left,
    top,
    blend: BLENDS[tiles[0]!.blend],
  };
}

/** The library's overlays have three channels, on grey pictures too. */
function inRgb(tile: InkTile): InkTile {
  if (tile.channels !== 1) return tile;
  const { colors } = tile;
  return {
    ...tile,
    channels: 3,
    colors:
      colors instanceof Uint8Array
        ? Uint8Array.from({ length: colors.length * 3 }, (_, i) => colors[Math.floor(i / 3)]!)
        : [colors[0]!, colors[0]!, colors[0]!],
  };
}

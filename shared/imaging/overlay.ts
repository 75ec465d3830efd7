import type { BlendMode } from "#contracts/mark-operator.ts";
import type { PixelBox } from "./orientation.ts";

/** One drawn piece of a mark on an upright picture: sRGB, straight alpha, 4 bytes a pixel, row by row. */
export interface OverlayTile extends PixelBox {
  readonly rgba: Uint8Array;
  readonly blend: BlendMode;
}

/** A mark as pixels. Tiles lie within the picture and are composited in their order, each on what is below it. */
export interface Overlay {
  readonly tiles: readonly OverlayTile[];
}

/**
 * A tile in a picture's own terms: its stored pixels (before its EXIF orientation is applied) and its colour space.
 * What splices, encoders and proof take.
 */
export interface InkTile extends PixelBox {
  /** Of the picture, without alpha: 1 grey, 3 RGB, 4 CMYK (255 is all of an ink). */
  readonly channels: 1 | 3 | 4;
  /** One byte a pixel: coverage times opacity. */
  readonly alpha: Uint8Array;
  /** Interleaved, `channels` a pixel; or one colour for all of them. 8 bits, also for pictures of 16. */
  readonly colors: Uint8Array | readonly number[];
  readonly blend: BlendMode;
}

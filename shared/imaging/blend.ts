import { BLEND_FUNCTIONS } from "./blend-modes.ts";
import type { InkTile } from "./overlay.ts";

/** Decoded pixels, row by row, channels interleaved, alpha (not premultiplied) last when there is one. */
export interface Pixels {
  readonly width: number;
  /** All frames of an animation, one above the other. */
  readonly height: number;
  readonly channels: number;
  readonly hasAlpha: boolean;
  readonly samples: Uint8Array | Uint16Array;
}

/**
 * Lays tiles over pixels in place, one after the other, in the pixels' own colour space. Samples that no tile covers
 * are not touched.
 * @param down Rows by which all tiles stand lower: an animation's frame.
 */
export function blendTiles(pixels: Pixels, tiles: readonly InkTile[], down = 0): void {
  for (const tile of tiles) {
    if (tile.blend === "normal" && !pixels.hasAlpha) coverOpaque(pixels, tile, down);
    else compose(pixels, tile, down);
  }
}

/** Scale of a tile's 8 bits to the pixels' depth. */
function depthOf({ samples }: Pixels): number {
  return samples instanceof Uint16Array ? 257 : 1;
}

/** The common case: whole numbers alone. */
function coverOpaque(pixels: Pixels, tile: InkTile, down: number): void {
  const { samples, channels } = pixels;
  const { alpha, colors, width } = tile;
  const many = colors instanceof Uint8Array;
  const depth = depthOf(pixels);
  for (let row = 0; row < tile.height; row++) {
    let at = ((tile.top + down + row) * pixels.width + tile.left) * channels;
    const end = (row + 1) * width;
    for (let i = row * width; i < end; i++, at += channels) {
      const cover = alpha[i]!;
      if (cover === 0) continue;
      const color = many ? i * channels : 0;
      for (let channel = 0; channel < channels; channel++)
        samples[at + channel] = Math.floor(
          (colors[color + channel]! * depth * cover + samples[at + channel]! * (255 - cover) + 127) / 255,
        );
    }
  }
}

/** Source over backdrop with blending (W3C Compositing and Blending Level 1, 5.1 and 9). Inks mix as the light that
 *  they leave. */
function compose(pixels: Pixels, tile: InkTile, down: number): void {
  const { samples, channels, hasAlpha } = pixels;
  const { alpha, colors, width } = tile;
  const inks = hasAlpha ? channels - 1 : channels;
  const isInk = inks === 4;
  const blend = BLEND_FUNCTIONS[tile.blend];
  const full = 255 * depthOf(pixels);
  const light = (value: number) => (isInk ? 1 - value : value);
  for (let row = 0; row < tile.height; row++) {
    let at = ((tile.top + down + row) * pixels.width + tile.left) * channels;
    const end = (row + 1) * width;
    for (let i = row * width; i < end; i++, at += channels) {
      if (alpha[i] === 0) continue;
      const cover = alpha[i]! / 255;
      const ground = hasAlpha ? samples[at + inks]! / full : 1;
      const over = cover + ground * (1 - cover);
      const color = colors instanceof Uint8Array ? i * inks : 0;
      for (let channel = 0; channel < inks; channel++) {
        const source = light(colors[color + channel]! / 255);
        const backdrop = light(samples[at + channel]! / full);
        const mixed = (1 - ground) * source + ground * blend(backdrop, source);
        const seen = (cover * mixed + (1 - cover) * ground * backdrop) / over;
        samples[at + channel] = Math.round(light(seen) * full);
      }
      if (hasAlpha) samples[at + inks] = Math.round(over * full);
    }
  }
}

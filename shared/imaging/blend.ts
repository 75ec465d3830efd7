import type { CoverageMask } from "./orientation.ts";

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
 * Lays a colour over pixels in place, in the pixels' own colour space. Samples that the mask does not cover are not
 * touched.
 * @param color One value for each channel but alpha, in the samples' range.
 * @param opacity 0 to 1.
 */
export function blendMask(
  pixels: Pixels,
  mask: CoverageMask,
  color: readonly number[],
  opacity: number,
): void {
  const { samples, channels } = pixels;
  const colors = pixels.hasAlpha ? channels - 1 : channels;
  const full = samples instanceof Uint16Array ? 65_535 : 255;
  for (let row = 0; row < mask.height; row++) {
    let at = ((mask.top + row) * pixels.width + mask.left) * channels;
    for (let column = 0; column < mask.width; column++, at += channels) {
      const cover = (mask.coverage[row * mask.width + column]! / 255) * opacity;
      if (cover === 0) continue;
      const under = pixels.hasAlpha ? (samples[at + colors]! / full) * (1 - cover) : 1 - cover;
      const over = cover + under;
      for (let i = 0; i < colors; i++)
        samples[at + i] = Math.round((color[i]! * cover + samples[at + i]! * under) / over);
      if (pixels.hasAlpha) samples[at + colors] = Math.round(over * full);
    }
  }
}

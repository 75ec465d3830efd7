import { blendChannel } from "./blend-modes.ts";
import { type CoveredSpans, coveredSpans } from "./covered-spans.ts";
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
  // A pattern's copies share their coverage.
  const known = new Map<Uint8Array, CoveredSpans>();
  for (const tile of tiles) {
    const spans = known.get(tile.alpha) ?? coveredSpans(tile.alpha, tile.width, tile.height);
    known.set(tile.alpha, spans);
    const blendSpan = spanBlender(pixels, tile);
    for (let row = 0; row < tile.height; row++) {
      // Pixel i of the tile is pixel i + shift of the picture.
      const shift = (tile.top + down + row) * pixels.width + tile.left - row * tile.width;
      for (let at = spans.rows[row]!; at < spans.rows[row + 1]!; at += 2)
        blendSpan(spans.pairs[at]!, spans.pairs[at + 1]!, shift);
    }
  }
}

/** Blends pixels [first, end) of a tile into pixels that stand `shift` further on in the picture. */
type SpanBlender = (first: number, end: number, shift: number) => void;

function spanBlender(pixels: Pixels, tile: InkTile): SpanBlender {
  const { samples, hasAlpha } = pixels;
  if (tile.blend !== "normal" || hasAlpha) return composing(pixels, tile);
  if (samples instanceof Uint8Array && tile.channels === 3 && !(tile.colors instanceof Uint8Array))
    return coveringFlatRgb(samples, tile.alpha, tile.colors);
  return covering(pixels, tile);
}

/** `value` / 255, rounded, for values up to 65,535. */
function divided(value: number): number {
  const half = value + 128;
  return (half + (half >> 8)) >> 8;
}

/** By far the most common case: a pattern spends most of its time here. */
function coveringFlatRgb(
  samples: Uint8Array,
  alpha: Uint8Array,
  [red = 0, green = 0, blue = 0]: readonly number[],
): SpanBlender {
  return (first, end, shift) => {
    for (let i = first, at = (first + shift) * 3; i < end; i++, at += 3) {
      const cover = alpha[i]!;
      const rest = 255 - cover;
      samples[at] = divided(red * cover + samples[at]! * rest);
      samples[at + 1] = divided(green * cover + samples[at + 1]! * rest);
      samples[at + 2] = divided(blue * cover + samples[at + 2]! * rest);
    }
  };
}

/** Scale of a tile's 8 bits to the pixels' depth. */
function depthOf({ samples }: Pixels): number {
  return samples instanceof Uint16Array ? 257 : 1;
}

/** Normal mode on opaque pixels: whole numbers alone. */
function covering(pixels: Pixels, { alpha, colors }: InkTile): SpanBlender {
  const { samples, channels } = pixels;
  const many = colors instanceof Uint8Array;
  const depth = depthOf(pixels);
  return (first, end, shift) => {
    for (let i = first, at = (first + shift) * channels; i < end; i++, at += channels) {
      const cover = alpha[i]!;
      const color = many ? i * channels : 0;
      for (let channel = 0; channel < channels; channel++)
        samples[at + channel] = Math.floor(
          (colors[color + channel]! * depth * cover + samples[at + channel]! * (255 - cover) + 127) / 255,
        );
    }
  };
}

/** Source over backdrop with blending (W3C Compositing and Blending Level 1, 5.1 and 9). Inks mix as the light that
 *  they leave. */
function composing(pixels: Pixels, { alpha, colors, blend }: InkTile): SpanBlender {
  const { samples, channels, hasAlpha } = pixels;
  const inks = hasAlpha ? channels - 1 : channels;
  const isInk = inks === 4;
  const full = 255 * depthOf(pixels);
  const light = (value: number) => (isInk ? 1 - value : value);
  return (first, end, shift) => {
    for (let i = first, at = (first + shift) * channels; i < end; i++, at += channels) {
      const cover = alpha[i]! / 255;
      const ground = hasAlpha ? samples[at + inks]! / full : 1;
      const over = cover + ground * (1 - cover);
      const color = colors instanceof Uint8Array ? i * inks : 0;
      for (let channel = 0; channel < inks; channel++) {
        const source = light(colors[color + channel]! / 255);
        const backdrop = light(samples[at + channel]! / full);
        const mixed = (1 - ground) * source + ground * blendChannel(blend, backdrop, source);
        const seen = (cover * mixed + (1 - cover) * ground * backdrop) / over;
        samples[at + channel] = Math.round(light(seen) * full);
      }
      if (hasAlpha) samples[at + inks] = Math.round(over * full);
    }
  };
}

import type { BlendMode } from "#contracts/mark-operator.ts";
import { blendChannel } from "../blend-modes.ts";
import type { PixelBox } from "../orientation.ts";
import type { OpaqueTile } from "./scaled-overlay.ts";

/**
 * Lays tiles over a region of an sRGB picture in place, one after the other, with the same rounding as `blendTiles`.
 * @param samples RGBA of the region, alpha not premultiplied; bytes.
 * @param region Which part of the picture it is; tiles count from the picture's corner and are cut to the region.
 */
export function blendOpaqueTiles(
  samples: Uint8Array | Uint8ClampedArray,
  region: PixelBox,
  tiles: readonly OpaqueTile[],
): void {
  const tables = new Map<number, Uint8Array>();
  for (const tile of tiles) {
    const { cell, opacity, blend } = tile;
    const { rgba } = cell;
    const covers = tables.get(opacity) ?? coversOf(opacity);
    tables.set(opacity, covers);
    const left = Math.max(tile.left, region.left);
    const right = Math.min(tile.left + cell.width, region.left + region.width);
    const bottom = Math.min(tile.top + cell.height, region.top + region.height);
    for (let y = Math.max(tile.top, region.top); y < bottom; y++) {
      let from = ((y - tile.top) * cell.width + left - tile.left) * 4;
      let to = ((y - region.top) * region.width + left - region.left) * 4;
      for (let x = left; x < right; x++, from += 4, to += 4) {
        const cover = covers[rgba[from + 3]!]!;
        if (cover === 0) continue;
        if (blend === "normal" && samples[to + 3] === 255) {
          const rest = 255 - cover;
          samples[to] = ((rgba[from]! * cover + samples[to]! * rest + 127) / 255) | 0;
          samples[to + 1] = ((rgba[from + 1]! * cover + samples[to + 1]! * rest + 127) / 255) | 0;
          samples[to + 2] = ((rgba[from + 2]! * cover + samples[to + 2]! * rest + 127) / 255) | 0;
        } else compose(samples, to, rgba, from, cover / 255, blend);
      }
    }
  }
}

/** A tile's alpha seen through its opacity, for each of its 256 values: as the renderer rounds it. Pure. */
export function coversOf(opacity: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, alpha) => Math.round(alpha * Math.min(1, opacity)));
}

/** Source over backdrop with blending (W3C Compositing and Blending Level 1, 5.1 and 9). */
function compose(
  samples: Uint8Array | Uint8ClampedArray,
  to: number,
  rgba: Uint8Array,
  from: number,
  cover: number,
  blend: BlendMode,
): void {
  const ground = samples[to + 3]! / 255;
  const over = cover + ground * (1 - cover);
  for (let i = 0; i < 3; i++) {
    const source = rgba[from + i]! / 255;
    const backdrop = samples[to + i]! / 255;
    const mixed = (1 - ground) * source + ground * blendChannel(blend, backdrop, source);
    samples[to + i] = Math.round(((cover * mixed + (1 - cover) * ground * backdrop) / over) * 255);
  }
  samples[to + 3] = Math.round(over * 255);
}

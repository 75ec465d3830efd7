import type { PixelBox } from "../orientation.ts";
import type { DrawnPixels } from "./resvg-rasteriser.ts";

/** One drawn copy of a layer, or the part of it that is needed: sRGB, straight alpha, 4 bytes a pixel. */
export interface Cell {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** Red, green and blue of `#rrggbb`. */
export function rgbOf(hex: string): readonly [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/**
 * Takes the alpha out of drawn colours.
 * @param flat The colour of all of it where there is but one: then nothing is lost by rounding. `null`: many colours.
 */
export function straightCell({ width, height, premultiplied }: DrawnPixels, flat: string | null): Cell {
  const rgba = new Uint8Array(premultiplied.length);
  const color = flat === null ? null : rgbOf(flat);
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = premultiplied[at + 3]!;
    if (alpha === 0) continue;
    rgba[at + 3] = alpha;
    for (let i = 0; i < 3; i++)
      rgba[at + i] =
        color?.[i] ?? Math.min(255, Math.floor((premultiplied[at + i]! * 255 + (alpha >> 1)) / alpha));
  }
  return { width, height, rgba };
}

/** The same cell, seen through. `opacity`: 0 to 1. */
export function withOpacity(cell: Cell, opacity: number): Cell {
  if (opacity >= 1) return cell;
  const rgba = cell.rgba.slice();
  const alphas = Uint8Array.from({ length: 256 }, (_, alpha) => Math.round(alpha * opacity));
  for (let at = 3; at < rgba.length; at += 4) rgba[at] = alphas[rgba[at]!]!;
  return { ...cell, rgba };
}

/** A part of a cell; `box` counts from the cell's corner. */
export function cropped(cell: Cell, box: PixelBox): Cell {
  const { left, top, width, height } = box;
  if (left === 0 && top === 0 && width === cell.width && height === cell.height) return cell;
  const rgba = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * cell.width + left) * 4;
    rgba.set(cell.rgba.subarray(from, from + width * 4), row * width * 4);
  }
  return { width, height, rgba };
}

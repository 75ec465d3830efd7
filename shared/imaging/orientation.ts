/** EXIF orientation (tag 0x0112, 1 to 8): how stored pixels must be turned to stand upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Pixels; `left` and `top` from the upper left corner. */
export interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Coverage of a box, one byte a pixel, row by row: 0 nothing, 255 all of it. */
export interface CoverageMask extends PixelBox {
  readonly coverage: Uint8Array;
}

/** Anything that is no valid tag counts as upright, as viewers do. */
export function orientationOf(tag: number | undefined): Orientation {
  return tag !== undefined && tag >= 1 && tag <= 8 && Number.isInteger(tag) ? (tag as Orientation) : 1;
}

/** True where the upright picture's sides are swapped against the stored one's. */
export function swapsSides(orientation: Orientation): boolean {
  return orientation >= 5;
}

/** The stored pixel (x, y) of an upright one (u, v), in a picture stored `width` by `height`. */
function toStored(
  orientation: Orientation,
  u: number,
  v: number,
  width: number,
  height: number,
): [number, number] {
  switch (orientation) {
    case 1:
      return [u, v];
    case 2:
      return [width - 1 - u, v];
    case 3:
      return [width - 1 - u, height - 1 - v];
    case 4:
      return [u, height - 1 - v];
    case 5:
      return [v, u];
    case 6:
      return [v, height - 1 - u];
    case 7:
      return [width - 1 - v, height - 1 - u];
    case 8:
      return [width - 1 - v, u];
  }
}

/**
 * Turns a mask that was made for the upright picture so that it lies right on the stored pixels.
 * `stored` is the picture's size as stored. Pure.
 */
export function maskOnStoredPixels(
  mask: CoverageMask,
  orientation: Orientation,
  stored: { readonly width: number; readonly height: number },
): CoverageMask {
  if (orientation === 1) return mask;
  const at = (u: number, v: number) => toStored(orientation, u, v, stored.width, stored.height);
  const [x0, y0] = at(mask.left, mask.top);
  const [x1, y1] = at(mask.left + mask.width - 1, mask.top + mask.height - 1);
  const left = Math.min(x0, x1);
  const top = Math.min(y0, y1);
  const [width, height] = swapsSides(orientation) ? [mask.height, mask.width] : [mask.width, mask.height];
  const coverage = new Uint8Array(mask.coverage.length);
  for (let row = 0; row < mask.height; row++)
    for (let column = 0; column < mask.width; column++) {
      const [x, y] = at(mask.left + column, mask.top + row);
      coverage[(y - top) * width + (x - left)] = mask.coverage[row * mask.width + column]!;
    }
  return { left, top, width, height, coverage };
}

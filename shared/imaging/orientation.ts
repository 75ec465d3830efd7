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
 * Where a box of the upright picture lies on the stored pixels. `stored` is the picture's size as stored. Pure.
 */
export function boxOnStoredPixels(
  box: PixelBox,
  orientation: Orientation,
  stored: { readonly width: number; readonly height: number },
): PixelBox {
  const at = (u: number, v: number) => toStored(orientation, u, v, stored.width, stored.height);
  const [x0, y0] = at(box.left, box.top);
  const [x1, y1] = at(box.left + box.width - 1, box.top + box.height - 1);
  const [width, height] = swapsSides(orientation) ? [box.height, box.width] : [box.width, box.height];
  return { left: Math.min(x0, x1), top: Math.min(y0, y1), width, height };
}

/**
 * Turns the pixels of an upright box so that they lie right on the stored ones.
 * @param channels Bytes a pixel. Pure.
 */
export function turnedToStored(
  bytes: Uint8Array,
  channels: number,
  size: { readonly width: number; readonly height: number },
  orientation: Orientation,
): Uint8Array {
  if (orientation === 1) return bytes;
  const { width, height } = size;
  const stored = swapsSides(orientation) ? { width: height, height: width } : size;
  const turned = new Uint8Array(bytes.length);
  for (let row = 0, from = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const [x, y] = toStored(orientation, column, row, stored.width, stored.height);
      const to = (y * stored.width + x) * channels;
      for (let i = 0; i < channels; i++) turned[to + i] = bytes[from++]!;
    }
  return turned;
}

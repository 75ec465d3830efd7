/** AssemblyScript: EXIF orientations (tag 0x0112, 1 to 8): stored RGBA pixels into upright ones. */

import { free, INPUT, MOST_PIXELS, reachTo } from "./memory-map";

let sourceWidth: u32 = 0;
let sourceHeight: u32 = 0;
let sourceOrientation: u32 = 1;
let sourceRow: u32 = 0;

/** Sides from 1 to 65,535, `orientation` from 1 to 8. False when there is no memory for it, or a number is wrong. */
export function openTurn(width: u32, height: u32, orientation: u32): bool {
  if (width - 1 >= MOST_PIXELS || height - 1 >= MOST_PIXELS || orientation - 1 >= 8) return false;
  sourceWidth = width;
  sourceHeight = height;
  sourceOrientation = orientation;
  sourceRow = 0;
  return reachTo(free() + <u64>width * height * 4);
}

/** Takes the next rows out of INPUT; the upright picture grows at `free()`. */
export function turnNext(rows: u32): void {
  const taken = min<u32>(rows, sourceHeight - sourceRow);
  turnRows(INPUT, free(), sourceRow, taken, sourceWidth, sourceHeight, sourceOrientation);
  sourceRow += taken;
}

/**
 * Puts stored rows [row, row + rows), which lie at `from`, to their places in the upright picture at `to`. `width` and
 * `height` are the stored picture's.
 */
export function turnRows(
  from: usize,
  to: usize,
  row: u32,
  rows: u32,
  width: u32,
  height: u32,
  orientation: u32,
): void {
  const w = <isize>width;
  const h = <isize>height;
  const swapped = orientation >= 5;
  const line = swapped ? h : w;
  const mirrorX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const mirrorY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  // The upright place of a stored pixel is first + x · stepX + y · stepY.
  let stepX: isize = swapped ? line : 1;
  let stepY: isize = swapped ? 1 : line;
  let first: isize = 0;
  if (mirrorX) {
    first += (w - 1) * stepX;
    stepX = -stepX;
  }
  if (mirrorY) {
    first += (h - 1) * stepY;
    stepY = -stepY;
  }
  first += <isize>row * stepY;
  if (swapped) {
    // Column by column, so that what is written lies together.
    for (let x: isize = 0; x < w; x++)
      for (let y: isize = 0; y < <isize>rows; y++)
        store<u32>(to + ((first + x * stepX + y * stepY) << 2), load<u32>(from + ((y * w + x) << 2)));
    return;
  }
  for (let y: isize = 0; y < <isize>rows; y++) {
    const source = from + ((y * w) << 2);
    const target = to + ((first + y * stepY) << 2);
    if (!mirrorX) memory.copy(target, source, w << 2);
    else for (let x: isize = 0; x < w; x++) store<u32>(target - (x << 2), load<u32>(source + (x << 2)));
  }
}

import type { PixelBox } from "../orientation.ts";
import type { InkTile } from "../overlay.ts";
import type { FrameHead } from "./frame-head.ts";

/** MCUs one behind the other in coding order, all in one row. */
export interface McuRun {
  readonly first: number;
  readonly count: number;
}

/** What places MCUs on a picture. */
export type McuGrid = Pick<
  FrameHead,
  "width" | "height" | "maxHorizontal" | "maxVertical" | "mcusPerRow" | "mcuRows"
>;

/** The runs of MCUs of which tiles cover pixels, in coding order. Pure. */
export function touchedRuns(grid: McuGrid, tiles: readonly InkTile[]): McuRun[] {
  return runsOf(grid, tiles, ({ alpha, width }, x, y) => alpha[y * width + x] !== 0);
}

/** A touched MCU takes about as long as four do where the whole picture is decoded and coded again. */
const MOST_TOUCHED = 0.25;
/** Below this, time does not matter, and exactness does. */
const FEW_MCUS = 4096;

/** True where so much of a large picture is touched that decoding all of it is quicker. Pure. */
export function coversTooMuch({ mcusPerRow, mcuRows }: McuGrid, runs: readonly McuRun[]): boolean {
  const touched = runs.reduce((sum, { count }) => sum + count, 0);
  return touched > Math.max(FEW_MCUS, mcusPerRow * mcuRows * MOST_TOUCHED);
}

/** The runs of MCUs that boxes meet, in coding order. Pure. */
export function runsInBoxes(grid: McuGrid, boxes: readonly PixelBox[]): McuRun[] {
  return runsOf(grid, boxes, () => true);
}

/**
 * The boxes of stored pixels that runs take, clipped to the picture; runs one below the other with the same columns
 * make one box. `runsInBoxes` finds the same runs again. Pure.
 */
export function boxesOfRuns(grid: McuGrid, runs: readonly McuRun[]): PixelBox[] {
  const size = mcuSize(grid);
  const boxes: { left: number; top: number; width: number; height: number }[] = [];
  for (const { first, count } of runs) {
    const left = (first % grid.mcusPerRow) * size.width;
    const top = Math.floor(first / grid.mcusPerRow) * size.height;
    const width = Math.min(grid.width, left + count * size.width) - left;
    const height = Math.min(grid.height, top + size.height) - top;
    const above = boxes.findLast(
      (box) => box.top + box.height === top && box.left === left && box.width === width,
    );
    if (above) above.height += height;
    else boxes.push({ left, top, width, height });
  }
  return boxes;
}

export function mcuSize({ maxHorizontal, maxVertical }: McuGrid) {
  return { width: 8 * maxHorizontal, height: 8 * maxVertical };
}

/** Pixels outside the picture are left out. */
function runsOf<Box extends PixelBox>(
  grid: McuGrid,
  boxes: readonly Box[],
  isTouched: (box: Box, x: number, y: number) => boolean,
): McuRun[] {
  const size = mcuSize(grid);
  const touched = new Uint8Array(grid.mcusPerRow * grid.mcuRows);
  for (const box of boxes) {
    const right = Math.min(grid.width, box.left + box.width);
    const bottom = Math.min(grid.height, box.top + box.height);
    for (let y = Math.max(0, box.top); y < bottom; y++) {
      const row = Math.floor(y / size.height) * grid.mcusPerRow;
      for (let x = Math.max(0, box.left); x < right; x++) {
        const mcu = row + Math.floor(x / size.width);
        // What is known of an MCU needs no more looking.
        if (touched[mcu] === 0 && isTouched(box, x - box.left, y - box.top)) touched[mcu] = 1;
        if (touched[mcu] !== 0) x = (mcu - row + 1) * size.width - 1;
      }
    }
  }
  const runs: McuRun[] = [];
  for (let first = touched.indexOf(1); first >= 0; ) {
    const endOfRow = (Math.floor(first / grid.mcusPerRow) + 1) * grid.mcusPerRow;
    let end = first + 1;
    while (end < endOfRow && touched[end] === 1) end++;
    runs.push({ first, count: end - first });
    first = touched.indexOf(1, end);
  }
  return runs;
}

import type { CoverageMask } from "../orientation.ts";
import type { ScanComponent, ScanHeader } from "./scan-header.ts";

/** MCUs one behind the other in coding order, which a mark covers in part at least. */
export interface McuRun {
  readonly first: number;
  readonly count: number;
}

/** The runs of MCUs that a mark touches, in coding order. Pure. */
export function touchedRuns(header: ScanHeader, mask: CoverageMask): McuRun[] {
  const { width: mcuWidth, height: mcuHeight } = mcuSize(header);
  const firstColumn = Math.floor(mask.left / mcuWidth);
  const columns = Math.ceil((mask.left + mask.width) / mcuWidth) - firstColumn;
  const firstRow = Math.floor(mask.top / mcuHeight);
  const rows = Math.ceil((mask.top + mask.height) / mcuHeight) - firstRow;
  const touched = new Uint8Array(columns * rows);
  for (let y = 0; y < mask.height; y++) {
    const row = (Math.floor((mask.top + y) / mcuHeight) - firstRow) * columns;
    for (let x = 0; x < mask.width; x++)
      if (mask.coverage[y * mask.width + x] !== 0)
        touched[row + Math.floor((mask.left + x) / mcuWidth) - firstColumn] = 1;
  }
  const runs: McuRun[] = [];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      let count = 0;
      while (column + count < columns && touched[row * columns + column + count]) count++;
      if (count > 0) runs.push({ first: (firstRow + row) * header.mcusPerRow + firstColumn + column, count });
      column += count;
    }
  return runs;
}

function mcuSize({ maxHorizontal, maxVertical }: ScanHeader) {
  return { width: 8 * maxHorizontal, height: 8 * maxVertical };
}

/**
 * Fills `alpha` with the mark's part in each of a block's 64 samples, 0 to 1: the mean over the pixels that a sample
 * stands for. Samples beyond the picture's edge get what the edge has. False: nothing of the block is covered.
 * @param blockX Counted in the component's own blocks.
 */
export function blockCoverage(
  header: ScanHeader,
  component: ScanComponent,
  block: { readonly x: number; readonly y: number },
  mask: CoverageMask,
  opacity: number,
  alpha: Float32Array,
): boolean {
  const stepX = header.maxHorizontal / component.horizontal;
  const stepY = header.maxVertical / component.vertical;
  const { coverage, left, top, width, height } = mask;
  const lastX = header.width - 1;
  const lastY = header.height - 1;
  const scale = opacity / (255 * stepX * stepY);
  let any = false;
  for (let i = 0; i < 64; i++) {
    const x0 = (block.x * 8 + (i & 7)) * stepX;
    const y0 = (block.y * 8 + (i >> 3)) * stepY;
    let sum = 0;
    for (let y = y0; y < y0 + stepY; y++) {
      const row = Math.min(y, lastY) - top;
      if (row < 0 || row >= height) continue;
      for (let x = x0; x < x0 + stepX; x++) {
        const column = Math.min(x, lastX) - left;
        if (column >= 0 && column < width) sum += coverage[row * width + column]!;
      }
    }
    alpha[i] = sum * scale;
    any ||= sum > 0;
  }
  return any;
}

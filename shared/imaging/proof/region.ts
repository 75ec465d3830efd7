import type { PixelBox } from "../orientation.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Boxes cut to whole pixels of a picture; what lies outside of it is dropped. Pure. */
export function clippedBoxes(boxes: readonly PixelBox[], { width, height }: Size): PixelBox[] {
  return boxes.flatMap((box) => {
    const left = Math.max(0, Math.floor(box.left));
    const top = Math.max(0, Math.floor(box.top));
    const right = Math.min(width, Math.ceil(box.left + box.width));
    const bottom = Math.min(height, Math.ceil(box.top + box.height));
    return right > left && bottom > top ? [{ left, top, width: right - left, height: bottom - top }] : [];
  });
}

/** Boxes made larger on all sides, to multiples of `grid`. Pure. */
export function grownBoxes(boxes: readonly PixelBox[], by: number, grid: number, picture: Size): PixelBox[] {
  const grown = boxes.map(({ left, top, width, height }) => {
    const x = Math.floor((left - by) / grid) * grid;
    const y = Math.floor((top - by) / grid) * grid;
    const right = Math.ceil((left + width + by) / grid) * grid;
    const bottom = Math.ceil((top + height + by) / grid) * grid;
    return { left: x, top: y, width: right - x, height: bottom - y };
  });
  return clippedBoxes(grown, picture);
}

/** The parts [from, to) of row `y` that no box covers, from left to right. Pure. */
export function uncoveredSpans(boxes: readonly PixelBox[], width: number, y: number): [number, number][] {
  const covered = boxes
    .filter((box) => y >= box.top && y < box.top + box.height)
    .map((box): [number, number] => [box.left, box.left + box.width])
    .sort(([a], [b]) => a - b);
  const spans: [number, number][] = [];
  let at = 0;
  for (const [from, to] of covered) {
    if (from > at) spans.push([at, from]);
    at = Math.max(at, to);
  }
  if (at < width) spans.push([at, width]);
  return spans;
}

/** Cells of a grid over a picture, one byte each, that any box touches. Pure. */
export function touchedCells(
  boxes: readonly PixelBox[],
  grid: { readonly columns: number; readonly rows: number; readonly width: number; readonly height: number },
): Uint8Array {
  const cells = new Uint8Array(grid.columns * grid.rows);
  for (const { left, top, width, height } of boxes) {
    const [x0, x1] = [Math.floor(left / grid.width), Math.ceil((left + width) / grid.width)];
    const [y0, y1] = [Math.floor(top / grid.height), Math.ceil((top + height) / grid.height)];
    for (let y = y0; y < Math.min(y1, grid.rows); y++)
      cells.fill(1, y * grid.columns + x0, y * grid.columns + Math.min(x1, grid.columns));
  }
  return cells;
}

/** Cells between two marked ones that still count as one box. */
const NEAR = 2;
/** More boxes than this say no more than one around them all. */
const MOST_BOXES = 32;

/** Boxes around the marked cells of a grid, near ones joined; in cells. Pure. */
export function cellBoxes(cells: Uint8Array, columns: number): PixelBox[] {
  let boxes: PixelBox[] = [];
  const rows = cells.length / columns;
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      if (cells[y * columns + x] === 0) continue;
      let end = x + 1;
      for (let i = x; i < Math.min(columns, end + NEAR); i++) if (cells[y * columns + i]) end = i + 1;
      boxes = withJoined(boxes, { left: x, top: y, width: end - x, height: 1 });
      if (boxes.length > MOST_BOXES) boxes = [boxes.reduce(around)];
      x = end - 1;
    }
  return boxes;
}

/** Joins a box with all that are near it, and with what is near the joined one. */
function withJoined(boxes: readonly PixelBox[], added: PixelBox): PixelBox[] {
  let joined = added;
  let apart = [...boxes];
  for (;;) {
    const near = apart.filter((box) => areNear(box, joined));
    if (near.length === 0) return [...apart, joined];
    joined = near.reduce(around, joined);
    apart = apart.filter((box) => !near.includes(box));
  }
}

function areNear(a: PixelBox, b: PixelBox): boolean {
  return (
    a.left <= b.left + b.width + NEAR &&
    b.left <= a.left + a.width + NEAR &&
    a.top <= b.top + b.height + NEAR &&
    b.top <= a.top + a.height + NEAR
  );
}

function around(a: PixelBox, b: PixelBox): PixelBox {
  const left = Math.min(a.left, b.left);
  const top = Math.min(a.top, b.top);
  const right = Math.max(a.left + a.width, b.left + b.width);
  const bottom = Math.max(a.top + a.height, b.top + b.height);
  return { left, top, width: right - left, height: bottom - top };
}

/** Boxes in cells as boxes in pixels, cut to the picture. Pure. */
export function boxesOfCells(
  boxes: readonly PixelBox[],
  cell: { readonly width: number; readonly height: number },
  picture: Size,
): PixelBox[] {
  const scaled = boxes.map(({ left, top, width, height }) => ({
    left: left * cell.width,
    top: top * cell.height,
    width: width * cell.width,
    height: height * cell.height,
  }));
  return clippedBoxes(scaled, picture);
}

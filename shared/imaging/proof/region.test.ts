import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PixelBox } from "../orientation.ts";
import { cellBoxes, clippedBoxes, grownBoxes, touchedCells, uncoveredSpans } from "./region.ts";

const WIDTH = 60;
const HEIGHT = 40;
const picture = { width: WIDTH, height: HEIGHT };
const box = fc.record({
  left: fc.integer({ min: -10, max: 70 }),
  top: fc.integer({ min: -10, max: 50 }),
  width: fc.integer({ min: 0, max: 30 }),
  height: fc.integer({ min: 0, max: 30 }),
});
const boxes = fc.array(box, { maxLength: 6 });

function isIn(list: readonly PixelBox[], x: number, y: number): boolean {
  return list.some(
    ({ left, top, width, height }) => x >= left && x < left + width && y >= top && y < top + height,
  );
}

describe("regions", () => {
  test("clipping drops what lies outside of the picture, and nothing else", () => {
    fc.assert(
      fc.property(boxes, (list) => {
        const clipped = clippedBoxes(list, picture);
        const pixels = Array.from(
          { length: WIDTH * HEIGHT },
          (_, i) => [i % WIDTH, Math.floor(i / WIDTH)] as const,
        );
        const wrong = pixels.filter(([x, y]) => isIn(clipped, x, y) !== isIn(list, x, y));
        expect(wrong).toEqual([]);
        for (const { left, top, width, height } of clipped)
          expect(left >= 0 && top >= 0 && left + width <= WIDTH && top + height <= HEIGHT).toBe(true);
      }),
    );
  });

  test("spans are what no box covers", () => {
    fc.assert(
      fc.property(boxes, fc.nat(HEIGHT - 1), (list, y) => {
        const clipped = clippedBoxes(list, picture);
        const spans = uncoveredSpans(clipped, WIDTH, y);
        for (let x = 0; x < WIDTH; x++)
          expect(spans.some(([from, to]) => x >= from && x < to)).toBe(!isIn(clipped, x, y));
      }),
    );
  });

  test("a cell is touched when a box holds one of its pixels", () => {
    const grid = { columns: 8, rows: 5, width: 8, height: 8 };
    fc.assert(
      fc.property(boxes, (list) => {
        const clipped = clippedBoxes(list, picture);
        const cells = touchedCells(clipped, grid);
        for (let i = 0; i < cells.length; i++) {
          const [left, top] = [(i % 8) * 8, Math.floor(i / 8) * 8];
          const inside = Array.from({ length: 64 }, (_, k) => isIn(clipped, left + (k % 8), top + (k >> 3)));
          expect(cells[i]).toBe(inside.includes(true) ? 1 : 0);
        }
      }),
    );
  });

  test("boxes around marked cells hold all of them, start and end with one, and lie apart", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20 * 15 - 1), { maxLength: 30 }), (marked) => {
        const cells = new Uint8Array(20 * 15);
        for (const at of marked) cells[at] = 1;
        const found = cellBoxes(cells, 20);
        for (const at of marked) expect(isIn(found, at % 20, Math.floor(at / 20))).toBe(true);
        for (const { left, top, width, height } of found) {
          const rows = Array.from({ length: height }, (_, y) =>
            cells.subarray((top + y) * 20 + left, (top + y) * 20 + left + width),
          );
          expect(rows[0]!.includes(1) && rows.at(-1)!.includes(1)).toBe(true);
          expect(rows.some((row) => row[0] === 1) && rows.some((row) => row.at(-1) === 1)).toBe(true);
        }
        for (const [i, one] of found.entries())
          for (const other of found.slice(i + 1)) {
            const near = grownBoxes([one], 1, 1, { width: 20, height: 15 });
            expect(isIn(near, other.left, other.top)).toBe(false);
          }
      }),
    );
  });

  test("boxes grow to whole multiples", () => {
    expect(grownBoxes([{ left: 35, top: 3, width: 2, height: 2 }], 8, 16, picture)).toEqual([
      { left: 16, top: 0, width: 32, height: 16 },
    ]);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boxesOfRuns, type McuGrid, runsInBoxes, touchedRuns } from "./touched-mcus.ts";

function gridOf(width: number, height: number, maxHorizontal: number, maxVertical: number): McuGrid {
  const [mcusPerRow, mcuRows] = [
    Math.ceil(width / (8 * maxHorizontal)),
    Math.ceil(height / (8 * maxVertical)),
  ];
  return { width, height, maxHorizontal, maxVertical, mcusPerRow, mcuRows };
}

const boxes = fc.record({
  left: fc.integer({ min: -20, max: 300 }),
  top: fc.integer({ min: -20, max: 200 }),
  width: fc.integer({ min: 1, max: 120 }),
  height: fc.integer({ min: 1, max: 120 }),
});

describe("runs of MCUs and boxes of pixels", () => {
  test("the boxes of runs lie within the picture, take every MCU's pixels, and lead to the same runs", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(boxes, { maxLength: 4 }),
        (width, height, h, v, marks) => {
          const grid = gridOf(width, height, h, v);
          const runs = runsInBoxes(grid, marks);
          const region = boxesOfRuns(grid, runs);
          for (const box of region) {
            expect(box.left % (8 * h)).toBe(0);
            expect(box.top % (8 * v)).toBe(0);
            expect(box.left + box.width).toBeLessThanOrEqual(width);
            expect(box.top + box.height).toBeLessThanOrEqual(height);
          }
          expect(runsInBoxes(grid, region)).toEqual(runs);
        },
      ),
      { seed: 1 },
    );
  });

  test("an MCU is touched where a tile's alpha is not 0", () => {
    const grid = gridOf(100, 50, 1, 1);
    const alpha = new Uint8Array(40 * 20);
    alpha[0] = 1;
    alpha[19 * 40 + 39] = 1;
    const tile = { left: 7, top: 15, width: 40, height: 20, channels: 1, alpha, colors: [0] } as const;
    expect(touchedRuns(grid, [{ ...tile, blend: "normal" }])).toEqual([
      { first: 13, count: 1 },
      { first: 4 * 13 + 5, count: 1 },
    ]);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  boxOnStoredPixels,
  type Orientation,
  orientationOf,
  swapsSides,
  turnedToStored,
} from "./orientation.ts";

/** What a viewer does with stored pixels, as EXIF 2.32 describes the tag: where row 0 and column 0 are, seen upright. */
function upright<T>(stored: readonly (readonly T[])[], orientation: Orientation): T[][] {
  const height = stored.length;
  const width = stored[0]!.length;
  const [w, h] = swapsSides(orientation) ? [height, width] : [width, height];
  const at = (u: number, v: number): T => {
    switch (orientation) {
      case 1:
        return stored[v]![u]!;
      case 2:
        return stored[v]![width - 1 - u]!;
      case 3:
        return stored[height - 1 - v]![width - 1 - u]!;
      case 4:
        return stored[height - 1 - v]![u]!;
      case 5:
        return stored[u]![v]!;
      case 6:
        return stored[height - 1 - u]![v]!;
      case 7:
        return stored[height - 1 - u]![width - 1 - v]!;
      case 8:
        return stored[u]![width - 1 - v]!;
    }
  };
  return Array.from({ length: h }, (_, v) => Array.from({ length: w }, (_, u) => at(u, v)));
}

describe("an upright box on stored pixels", () => {
  test("seen upright, it is where it was laid out, for all eight orientations", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Orientation>(1, 2, 3, 4, 5, 6, 7, 8),
        fc.integer({ min: 3, max: 12 }),
        fc.integer({ min: 3, max: 12 }),
        fc.nat(2),
        fc.nat(2),
        (orientation, width, height, left, top) => {
          const [w, h] = swapsSides(orientation) ? [height, width] : [width, height];
          const box = { left, top, width: w - left, height: h - top };
          const coverage = Uint8Array.from({ length: box.width * box.height * 2 }, (_, i) => 1 + (i % 250));
          const turned = turnedToStored(coverage, 2, box, orientation);
          const mask = boxOnStoredPixels(box, orientation, { width, height });
          const stored = Array.from({ length: height }, () => new Array<number>(width).fill(0));
          for (let y = 0; y < mask.height; y++)
            for (let x = 0; x < mask.width; x++)
              stored[mask.top + y]![mask.left + x] = turned[(y * mask.width + x) * 2 + 1]!;
          const seen = upright(stored, orientation);
          for (let v = 0; v < h; v++)
            for (let u = 0; u < w; u++) {
              const inside = u >= left && v >= top;
              expect(seen[v]![u]).toBe(inside ? coverage[((v - top) * box.width + (u - left)) * 2 + 1] : 0);
            }
        },
      ),
    );
  });

  test("takes a wrong tag for upright", () => {
    expect([undefined, 0, 9, 1.5, 6].map(orientationOf)).toEqual([1, 1, 1, 1, 6]);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blurred } from "./blurred.ts";

/** A Gaussian summed as its formula says, along one row. */
function gaussian(row: readonly number[], deviation: number): number[] {
  const weight = (distance: number) => Math.exp(-(distance * distance) / (2 * deviation * deviation));
  const sum = Array.from({ length: 2001 }, (_, i) => weight(i - 1000)).reduce((a, b) => a + b, 0);
  return row.map((_, x) => row.reduce((all, value, u) => all + (value * weight(u - x)) / sum, 0));
}

describe("blurred", () => {
  test.each([
    [1.5, 12],
    [2, 8],
    [5, 8],
    [13.7, 8],
  ])("is near to a Gaussian of deviation %f", (deviation, most) => {
    const row = Array.from({ length: 200 }, (_, x) => (x >= 90 && x < 120 ? 255 : 0));
    const height = 201;
    // A band across the whole height, so that the middle row is blurred along itself alone.
    const plane = Uint8Array.from({ length: 200 * height }, (_, i) => row[i % 200]!);
    const middle = blurred(plane, 200, height, deviation).subarray(200 * 100, 200 * 101);
    const off = gaussian(row, deviation).map((value, x) => Math.abs(value - middle[x]!));
    expect(Math.max(...off)).toBeLessThan(most);
  });

  test("does the same to rows and columns", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 40, noNaN: true }),
        fc.infiniteStream(fc.nat(255)),
        (width, height, deviation, values) => {
          const plane = Uint8Array.from({ length: width * height }, () => values.next().value as number);
          const turned = plane.map((_, i) => plane[(i % height) * width + Math.floor(i / height)]!);
          const a = blurred(plane, width, height, deviation);
          const b = blurred(turned, height, width, deviation);
          for (let y = 0; y < height; y++)
            for (let x = 0; x < width; x++)
              expect(Math.abs(a[y * width + x]! - b[x * height + y]!)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test("leaves a plane as it is without a blur", () => {
    expect([...blurred(Uint8Array.of(0, 255, 7, 9), 2, 2, 0)]).toEqual([0, 255, 7, 9]);
  });
});

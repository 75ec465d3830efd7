import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LENGTH_UNITS, type Length } from "#contracts/mark-operator.ts";
import { ANCHORS } from "#contracts/mark-spec.ts";
import { anchored, pixelsOf, roomFor, shrinkToFit, turnedSize, turnOf, within } from "./place-layer.ts";

const px = (value: number): Length => ({ value, unit: "px" });
const short = (value: number): Length => ({ value, unit: "short_side" });
const picture = { width: 3000, height: 2000 };

describe("lengths", () => {
  test("count from the side they name", () => {
    expect(LENGTH_UNITS.map((unit) => [unit, pixelsOf({ value: 0.1, unit }, picture)])).toEqual([
      ["px", 0.1],
      ["short_side", 200],
      ["long_side", 300],
      ["width", 300],
      ["height", 200],
    ]);
  });
});

describe("a layer's place", () => {
  test("keeps the margin to the safe area's edges", () => {
    const room = roomFor({ marginX: short(0.03), marginY: px(10) }, px(5), picture);
    expect(room).toEqual({ left: 65, top: 15, width: 2870, height: 1970 });
    expect(anchored("bottom_right", { width: 600, height: 90 }, room)).toEqual({ left: 2335, top: 1895 });
  });

  test("is its anchor's corner, edge or centre", () => {
    const room = roomFor({ marginX: px(0), marginY: px(0) }, px(0), { width: 900, height: 900 });
    const size = { width: 300, height: 300 };
    expect(ANCHORS.map((anchor) => Object.values(anchored(anchor, size, room)))).toEqual(
      [0, 300, 600].flatMap((top) => [0, 300, 600].map((left) => [left, top])),
    );
  });

  test("leaves one pixel of room, however wide the margins are", () => {
    const room = roomFor({ marginX: px(1e6), marginY: px(-50) }, px(20), picture);
    expect(room).toEqual({ left: 1499.5, top: 0, width: 1, height: 2000 });
  });
});

describe("a turned box", () => {
  test("is as large as its corners say, whole at right angles", () => {
    expect(turnedSize({ width: 40, height: 10 }, 90)).toEqual({ width: 10, height: 40 });
    expect(turnedSize({ width: 40, height: 10 }, -180)).toEqual({ width: 40, height: 10 });
    expect(turnedSize({ width: 100, height: 100 }, 45).width).toBeCloseTo(141.42, 2);
    expect(turnOf(30)).toEqual({ cos: 0.866025404, sin: 0.5 });
  });

  test("is made smaller until it fits, never larger", () => {
    expect(shrinkToFit({ width: 100, height: 50 }, { width: 40, height: 40 })).toBe(0.4);
    expect(shrinkToFit({ width: 100, height: 50 }, { width: 400, height: 40 })).toBe(0.8);
    expect(shrinkToFit({ width: 10, height: 5 }, { width: 400, height: 40 })).toBe(1);
  });
});

describe("within", () => {
  test("is the part of a box that the picture has, or null", () => {
    const side = fc.integer({ min: 1, max: 50 });
    const box = fc.record({
      left: fc.integer({ min: -60, max: 60 }),
      top: fc.integer({ min: -60, max: 60 }),
      width: side,
      height: side,
    });
    fc.assert(
      fc.property(box, side, side, (of, width, height) => {
        const part = within(of, { width, height });
        const has = (x: number, y: number) =>
          part !== null &&
          x >= part.left &&
          y >= part.top &&
          x < part.left + part.width &&
          y < part.top + part.height;
        for (let x = -1; x <= width; x++)
          for (let y = -1; y <= height; y++) {
            const inBox = x >= of.left && y >= of.top && x < of.left + of.width && y < of.top + of.height;
            expect(has(x, y)).toBe(inBox && x >= 0 && y >= 0 && x < width && y < height);
          }
      }),
    );
  });
});

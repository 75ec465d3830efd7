import { expect, test } from "vitest";
import { boundedPan, viewScale, visibleRegion } from "./view-geometry.ts";

const BIG = { width: 6000, height: 4000 };
const PANE = { width: 900, height: 500 };

test("a picture fits as a whole, and a small one is not enlarged", () => {
  expect(viewScale(BIG, PANE, "fit")).toBe(0.125);
  expect(viewScale({ width: 300, height: 200 }, PANE, "fit")).toBe(1);
  expect(viewScale(BIG, PANE, "full")).toBe(1);
  expect(visibleRegion(BIG, 0.125, PANE, { x: 0, y: 0 })).toEqual({
    left: 0,
    top: 0,
    width: 750,
    height: 500,
  });
});

test("at 100 % the pane shows as many pixels as it has, moved no further than the picture reaches", () => {
  expect(visibleRegion(BIG, 1, PANE, { x: 0, y: 0 })).toEqual({
    left: 2550,
    top: 1750,
    width: 900,
    height: 500,
  });
  expect(visibleRegion(BIG, 1, PANE, { x: -1e6, y: 100 })).toMatchObject({ left: 5100, top: 1650 });
  expect(boundedPan(BIG, 1, PANE, { x: -1e6, y: 100 })).toEqual({ x: -2550, y: 100 });
});

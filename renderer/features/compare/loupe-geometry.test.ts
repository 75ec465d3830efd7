import { describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { placeMark } from "../import/mark-placement.ts";
import { keyStep } from "../job/key-step.ts";
import { clampPan, loupeScale } from "./loupe-geometry.ts";

const pane = { width: 800, height: 600 };

describe("loupe", () => {
  test("a fitting picture fills its pane but is never enlarged", () => {
    expect(loupeScale({ width: 1600, height: 600 }, pane, "fit", 2)).toBe(0.5);
    expect(loupeScale({ width: 200, height: 100 }, pane, "fit", 2)).toBe(1);
    expect(loupeScale({ width: 0, height: 0 }, pane, "fit", 2)).toBe(1);
  });

  test("at 100 % one pixel of the picture is one of the screen", () => {
    expect(loupeScale({ width: 1600, height: 600 }, pane, "full", 2)).toBe(0.5);
    expect(loupeScale({ width: 1600, height: 600 }, pane, "full", 1)).toBe(1);
  });

  test("a large picture cannot be dragged out of its pane, a small one not at all", () => {
    const picture = { width: 1000, height: 500 };
    expect(clampPan({ x: 500, y: 500 }, picture, pane, 1)).toEqual({ x: 100, y: 0 });
    expect(clampPan({ x: -500, y: -20 }, picture, pane, 2)).toEqual({ x: -500, y: -20 });
  });
});

test("a mark keeps its distance from the edges, in parts of the short side", () => {
  const mark = { ...DEFAULT_MARK, size: 0.1, margin: 0.05 };
  expect(placeMark({ ...mark, position: "bottom_right" }, 1000, 600)).toMatchObject({
    x: 970,
    fontSize: 60,
    anchor: "end",
  });
  expect(placeMark({ ...mark, position: "top_left" }, 600, 1000)).toMatchObject({ x: 30, anchor: "start" });
  const centre = placeMark({ ...mark, position: "center" }, 1000, 600);
  expect([centre.x, centre.anchor]).toEqual([500, "middle"]);
  expect(centre.y).toBeGreaterThan(300);
});

test("keys move through a list, and by rows through tiles", () => {
  expect(keyStep("ArrowDown", 1, 20, 100)).toBe(1);
  expect(keyStep("ArrowDown", 5, 4, 100)).toBe(5);
  expect(keyStep("ArrowRight", 1, 20, 100)).toBeNull();
  expect(keyStep("ArrowLeft", 5, 4, 100)).toBe(-1);
  expect(keyStep("PageUp", 5, 4, 100)).toBe(-20);
  expect([keyStep("Home", 1, 20, 100), keyStep("End", 1, 20, 100)]).toEqual([-100, 100]);
  expect(keyStep("x", 1, 20, 100)).toBeNull();
});

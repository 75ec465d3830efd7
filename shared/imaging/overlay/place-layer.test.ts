import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ANCHORS, DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { layoutMark, markSvg, setText } from "./mark-layout.ts";

const INK = { left: 0.05, top: -0.75, width: 6, height: 0.9 };

describe("layoutMark", () => {
  test("keeps the margin to the anchored edges", () => {
    const { box, fontSize } = layoutMark(
      { ...DEFAULT_MARK, size: 0.05, margin: 0.03 },
      { width: 3000, height: 2000 },
      INK,
    );
    expect(fontSize).toBe(100);
    // One pixel is left for antialiasing on each side.
    expect(box.left + box.width).toBe(3000 - 60 + 1);
    expect(box.top + box.height).toBe(2000 - 60 + 1);
    expect(box.width).toBe(602);
  });

  test("puts each anchor into its corner, edge or centre", () => {
    const centres = ANCHORS.map((position) => {
      const { box } = layoutMark({ ...DEFAULT_MARK, position }, { width: 900, height: 900 }, INK);
      return [Math.round((box.left + box.width / 2) / 300), Math.round((box.top + box.height / 2) / 300)];
    });
    expect(centres).toEqual([
      [1, 0],
      [2, 0],
      [2, 0],
      [1, 2],
      [2, 2],
      [2, 2],
      [1, 3],
      [2, 3],
      [2, 3],
    ]);
  });

  test("makes text that is wider than the picture smaller until it fits", () => {
    const { box, fontSize } = layoutMark({ ...DEFAULT_MARK, size: 0.5 }, { width: 400, height: 400 }, INK);
    expect(fontSize).toBeCloseTo((400 - 2 * 12) / 6);
    expect(box.width).toBeLessThanOrEqual(400 - 24 + 3);
  });

  test("lies within the picture whatever the mark and the size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 20_000 }),
        fc.record({
          size: fc.double({ min: 0.005, max: 1, noNaN: true }),
          margin: fc.double({ min: 0, max: 0.5, noNaN: true }),
          rotation: fc.double({ min: -360, max: 360, noNaN: true }),
          position: fc.constantFrom(...ANCHORS),
        }),
        fc.record({
          left: fc.double({ min: -1, max: 1, noNaN: true }),
          top: fc.double({ min: -2, max: 0, noNaN: true }),
          width: fc.double({ min: 0.05, max: 200, noNaN: true }),
          height: fc.double({ min: 0.05, max: 3, noNaN: true }),
        }),
        (width, height, spec, ink) => {
          const { box, fontSize } = layoutMark(spec, { width, height }, ink);
          expect(fontSize).toBeGreaterThan(0);
          expect(box.left).toBeGreaterThanOrEqual(0);
          expect(box.top).toBeGreaterThanOrEqual(0);
          expect(box.width).toBeGreaterThan(0);
          expect(box.height).toBeGreaterThan(0);
          expect(box.left + box.width).toBeLessThanOrEqual(width);
          expect(box.top + box.height).toBeLessThanOrEqual(height);
        },
      ),
    );
  });
});

describe("markSvg", () => {
  test("escapes what XML would read as markup", () => {
    const text = setText([{ family: "Inter", text: `<b>&"'` }], 600, () => ({
      x: 0,
      y: -10,
      width: 60,
      height: 10,
    }))!;
    const svg = markSvg(layoutMark(DEFAULT_MARK, { width: 500, height: 500 }, text.ink), text);
    expect(svg).toContain("&#60;b&#62;&#38;&#34;&#39;");
    expect(svg).not.toContain("<b>");
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BLEND_MODES } from "#contracts/mark-operator.ts";
import { blendChannel } from "./blend-modes.ts";

const unit = fc.double({ min: 0, max: 1, noNaN: true });

describe("blendChannel", () => {
  test.each(BLEND_MODES)("%s stays within 0 and 1", (mode) => {
    fc.assert(
      fc.property(unit, unit, (backdrop, source) => {
        const blended = blendChannel(mode, backdrop, source);
        expect(blended).toBeGreaterThanOrEqual(-1e-12);
        expect(blended).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  test("white multiplies to nothing, black screens to nothing, the middle softens to nothing", () => {
    fc.assert(
      fc.property(unit, (backdrop) => {
        expect(blendChannel("multiply", backdrop, 1)).toBeCloseTo(backdrop);
        expect(blendChannel("screen", backdrop, 0)).toBeCloseTo(backdrop);
        expect(blendChannel("soft_light", backdrop, 0.5)).toBeCloseTo(backdrop);
      }),
    );
  });

  test.each([
    ["multiply", 0.5, 0.4, 0.2],
    ["screen", 0.5, 0.4, 0.7],
    ["overlay", 0.25, 0.4, 0.2],
    ["overlay", 0.75, 0.4, 0.7],
    ["soft_light", 0.64, 1, 0.8],
    ["soft_light", 0.2, 1, 0.2 * 0.2 * 0.2 * 16 - 12 * 0.04 + 0.8],
    ["soft_light", 0.5, 0, 0.25],
  ] as const)("%s of %f and %f is %f", (mode, backdrop, source, expected) => {
    expect(blendChannel(mode, backdrop, source)).toBeCloseTo(expected, 10);
  });
});

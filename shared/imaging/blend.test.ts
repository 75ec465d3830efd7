import { describe, expect, test } from "vitest";
import { blendMask } from "./blend.ts";

const mask = { left: 1, top: 0, width: 2, height: 1, coverage: Uint8Array.of(255, 0) };

describe("blendMask", () => {
  test("mixes covered samples and leaves all others as they are", () => {
    const samples = Uint8Array.of(10, 20, 30, 10, 20, 30, 10, 20, 30);
    blendMask({ width: 3, height: 1, channels: 3, hasAlpha: false, samples }, mask, [250, 0, 30], 0.5);
    expect([...samples]).toEqual([10, 20, 30, 130, 10, 30, 10, 20, 30]);
  });

  test("works in the range of 16 bits", () => {
    const samples = Uint16Array.of(1000, 1000, 1000);
    blendMask({ width: 3, height: 1, channels: 1, hasAlpha: false, samples }, mask, [65_535], 1);
    expect([...samples]).toEqual([1000, 65_535, 1000]);
  });

  test("shows on transparent ground without darkening", () => {
    const samples = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 128);
    blendMask({ width: 3, height: 1, channels: 4, hasAlpha: true, samples }, mask, [200, 100, 50], 0.5);
    expect([...samples]).toEqual([0, 0, 0, 0, 200, 100, 50, 128, 9, 9, 9, 128]);
  });
});

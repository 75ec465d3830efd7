import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BLEND_MODES, type BlendMode } from "#contracts/mark-operator.ts";
import { blendTiles, type Pixels } from "./blend.ts";
import type { InkTile } from "./overlay.ts";

const tile = (colors: InkTile["colors"], alpha: number[], blend: BlendMode = "normal"): InkTile => {
  const channels = colors instanceof Uint8Array ? colors.length / alpha.length : colors.length;
  return {
    left: 1,
    top: 0,
    width: alpha.length,
    height: 1,
    channels: channels as InkTile["channels"],
    alpha: Uint8Array.from(alpha),
    colors,
    blend,
  };
};
const row = (channels: number, samples: Pixels["samples"], hasAlpha = false): Pixels => ({
  width: samples.length / channels,
  height: 1,
  channels,
  hasAlpha,
  samples,
});

describe("blendTiles", () => {
  test("mixes covered samples and leaves all others as they are", () => {
    const samples = Uint8Array.of(10, 20, 30, 10, 20, 30, 10, 20, 30);
    blendTiles(row(3, samples), [tile([250, 0, 30], [128, 0])]);
    expect([...samples]).toEqual([10, 20, 30, 130, 10, 30, 10, 20, 30]);
  });

  test("works in the range of 16 bits", () => {
    const samples = Uint16Array.of(1000, 1000, 1000);
    blendTiles(row(1, samples), [tile([255], [255, 0])]);
    expect([...samples]).toEqual([1000, 65_535, 1000]);
  });

  test("shows on transparent ground without darkening", () => {
    const samples = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 128);
    blendTiles(row(4, samples, true), [tile([200, 100, 50], [128, 0])]);
    expect([...samples]).toEqual([0, 0, 0, 0, 200, 100, 50, 128, 9, 9, 9, 128]);
  });

  test("gives each pixel its own colour where a tile has many", () => {
    const samples = new Uint8Array(9);
    blendTiles(row(3, samples), [tile(Uint8Array.of(1, 2, 3, 4, 5, 6), [255, 255])]);
    expect([...samples]).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 6]);
  });

  test("lays one tile over the other, on the frame that is meant", () => {
    const samples = Uint8Array.of(0, 0, 0, 0);
    blendTiles({ ...row(1, samples), width: 2, height: 2 }, [tile([100], [255]), tile([200], [128])], 1);
    expect([...samples]).toEqual([0, 0, 0, 150]);
  });

  test.each<[BlendMode, number]>([
    ["multiply", 80],
    ["screen", 220],
    ["overlay", 161],
    ["soft_light", 122],
  ])("%s mixes light as the W3C's formula says", (blend, expected) => {
    const samples = Uint8Array.of(0, 100);
    const backdrop = Uint8Array.of(0, 100);
    blendTiles(row(1, samples), [tile([204], [255], blend)]);
    const [b, s] = [100 / 255, 204 / 255];
    const formula = {
      multiply: b * s,
      screen: 1 - (1 - b) * (1 - s),
      overlay: 2 * b * s,
      soft_light: b + (2 * s - 1) * (Math.sqrt(b) - b),
    }[blend as "multiply"];
    expect(samples[1]).toBe(Math.round(formula * 255));
    expect(Math.abs(samples[1]! - expected)).toBeLessThan(20);
    expect(samples[0]).toBe(backdrop[0]);
  });

  test("multiplies inks as the light that they leave: white paper takes the ink, full ink stays", () => {
    const samples = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255);
    blendTiles(row(4, samples), [tile([10, 20, 30, 40], [255, 255], "multiply")]);
    expect([...samples]).toEqual([0, 0, 0, 0, 10, 20, 30, 40, 255, 255, 255, 255]);
  });

  test("in every mode and form, what is not covered stays, and full cover of normal is the colour", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...BLEND_MODES),
        fc.constantFrom<InkTile["channels"]>(1, 3, 4),
        fc.boolean(),
        fc.boolean(),
        fc.array(fc.constantFrom(0, 1, 127, 254, 255), { minLength: 1, maxLength: 6 }),
        fc.infiniteStream(fc.nat(255)),
        (blend, channels, hasAlpha, is16, alpha, values) => {
          const next = () => values.next().value as number;
          const inks = hasAlpha ? channels + 1 : channels;
          const before = Array.from({ length: (alpha.length + 2) * inks }, () => next() * (is16 ? 257 : 1));
          const samples = is16 ? Uint16Array.from(before) : Uint8Array.from(before);
          const colors = Uint8Array.from({ length: alpha.length * channels }, next);
          blendTiles(row(inks, samples, hasAlpha), [tile(colors, alpha, blend)]);
          for (let i = 0; i < before.length; i++) {
            const pixel = Math.floor(i / inks) - 1;
            if (!alpha[pixel]) expect(samples[i]).toBe(before[i]);
            else if (alpha[pixel] === 255 && blend === "normal" && i % inks < channels)
              expect(samples[i]).toBe(colors[pixel * channels + (i % inks)]! * (is16 ? 257 : 1));
          }
        },
      ),
    );
  });
});

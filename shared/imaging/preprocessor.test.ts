import fc from "fast-check";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { type Orientation, swapsSides } from "./orientation.ts";
import { type PreparedPixels, Preprocessor, type RgbaPixels, sizeWithin } from "./preprocessor.ts";

let preprocessor: Preprocessor;
beforeAll(async () => {
  preprocessor = await Preprocessor.load();
});

const pictures = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) })
  .chain((size) =>
    fc
      .uint8Array({ minLength: size.width * size.height * 4, maxLength: size.width * size.height * 4 })
      .map((samples): PreparedPixels => ({ ...size, samples })),
  );

/** Like a photograph: smooth, with edges and a little noise. */
function scene(width: number, height: number): PreparedPixels {
  const samples = new Uint8Array(width * height * 4);
  let state = 7;
  for (let i = 0; i < width * height; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const [x, y] = [(i % width) / width, Math.floor(i / width) / height];
    const edge = (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.1 ? 60 : 0;
    const noise = state >>> 29;
    samples.set([40 + 120 * x + edge + noise, 50 + 110 * y + edge + noise, 180 - 90 * x * y, 255], i * 4);
  }
  return { width, height, samples };
}

function differences(a: ArrayLike<number>, b: ArrayLike<number>) {
  expect(a.length).toBe(b.length);
  let [most, sum] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    most = Math.max(most, difference);
    sum += difference;
  }
  return { most, mean: sum / a.length };
}

const sharpOf = ({ samples, width, height }: RgbaPixels) =>
  sharp(samples, { raw: { width, height, channels: 4 } });

describe("upright", () => {
  /** Where EXIF 2.32 says that stored row 0 and column 0 are, seen upright. */
  function seen({ samples, width, height }: RgbaPixels, orientation: Orientation, u: number, v: number) {
    const [x, y] = {
      1: [u, v],
      2: [width - 1 - u, v],
      3: [width - 1 - u, height - 1 - v],
      4: [u, height - 1 - v],
      5: [v, u],
      6: [v, height - 1 - u],
      7: [width - 1 - v, height - 1 - u],
      8: [width - 1 - v, u],
    }[orientation] as [number, number];
    return [...samples.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
  }
  const orientations = fc.constantFrom<Orientation>(1, 2, 3, 4, 5, 6, 7, 8);

  test("puts every pixel where viewers put it, for all eight orientations", () => {
    fc.assert(
      fc.property(pictures, orientations, (picture, orientation) => {
        const upright = preprocessor.upright(picture, orientation);
        const sides = [picture.width, picture.height];
        expect([upright.width, upright.height]).toEqual(swapsSides(orientation) ? sides.reverse() : sides);
        for (let v = 0; v < upright.height; v++)
          for (let u = 0; u < upright.width; u++) {
            const at = (v * upright.width + u) * 4;
            expect([...upright.samples.subarray(at, at + 4)]).toEqual(seen(picture, orientation, u, v));
          }
      }),
      { numRuns: 60 },
    );
  });

  test("is the same for a picture that comes in many strips", () => {
    const wide = scene(30_000, 9);
    const inverse: Record<Orientation, Orientation> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6 };
    for (const orientation of [2, 3, 4, 5, 6, 7, 8] as const) {
      const there = preprocessor.upright(wide, orientation);
      expect(Buffer.compare(there.samples, wide.samples)).not.toBe(0);
      const back = preprocessor.upright(there, inverse[orientation]);
      expect(Buffer.compare(back.samples, wide.samples)).toBe(0);
    }
  });

  test("is what sharp makes of the tag", async () => {
    const picture = scene(61, 37);
    for (const orientation of [2, 3, 4, 5, 6, 7, 8] as const) {
      const tagged = await sharpOf(picture).withMetadata({ orientation }).png().toBuffer();
      const { data, info } = await sharp(tagged).autoOrient().raw().toBuffer({ resolveWithObject: true });
      const upright = preprocessor.upright(picture, orientation);
      expect([upright.width, upright.height]).toEqual([info.width, info.height]);
      expect(Buffer.compare(data, upright.samples)).toBe(0);
    }
  });
});

describe("greyscale", () => {
  /** Rec. 709 luminance of linear light, and back (IEC 61966-2-1), in double precision. */
  function luminance(r: number, g: number, b: number): number {
    const [red, green, blue] = [r, g, b].map((sample) => {
      const place = sample / 255;
      return place <= 0.04045 ? place / 12.92 : ((place + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    return 255 * (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055);
  }

  test("is within 0.6 of the luminance, in all three channels, and leaves alpha alone", () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const grey = preprocessor.greyscale(picture).samples;
        for (let at = 0; at < grey.length; at += 4) {
          const [r, g, b, alpha] = picture.samples.subarray(at, at + 4);
          expect(Math.abs(grey[at]! - luminance(r!, g!, b!))).toBeLessThanOrEqual(0.6);
          expect([...grey.subarray(at + 1, at + 4)]).toEqual([grey[at], grey[at], alpha]);
        }
      }),
    );
  });

  test("keeps all 256 greys as they are", () => {
    const samples = Uint8Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 77 : i >> 2));
    expect(preprocessor.greyscale({ width: 256, height: 1, samples }).samples).toEqual(samples);
  });
});

/** Lanczos' kernel with three lobes, along one line of `count` samples, in double precision. */
function lanczosLine(sample: (k: number) => number, count: number, to: number, place: number): number {
  const ratio = count / to;
  const stretch = Math.max(1, ratio);
  const centre = (place + 0.5) * ratio - 0.5;
  const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  let [sum, weights] = [0, 0];
  for (let k = 0; k < count; k++) {
    const x = (k - centre) / stretch;
    const weight = Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
    sum += weight * sample(k);
    weights += weight;
  }
  return sum / weights;
}

describe("resize", () => {
  const size = fc.record({
    width: fc.integer({ min: 1, max: 90 }),
    height: fc.integer({ min: 1, max: 90 }),
  });

  test("leaves one colour that colour, at any size, up and down", () => {
    const color = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(size, size, color, (from, to, rgba) => {
        const samples = Uint8Array.from({ length: from.width * from.height * 4 }, (_, i) => rgba[i % 4]!);
        const resized = preprocessor.resize({ ...from, samples }, to);
        expect(resized).toMatchObject(to);
        const wanted = Uint8Array.from({ length: to.width * to.height * 4 }, (_, i) => rgba[i % 4]!);
        expect(Buffer.compare(resized.samples, wanted)).toBe(0);
      }),
    );
  });

  test("to its own size is the picture itself, but for colours that cannot be seen", () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const wanted = Uint8Array.from(picture.samples);
        for (let at = 0; at < wanted.length; at += 4) if (wanted[at + 3] === 0) wanted.fill(0, at, at + 4);
        // Colours of nearly transparent pixels are as exact as f32 and their alpha let them be.
        expect(differences(preprocessor.resize(picture, picture).samples, wanted).most).toBeLessThanOrEqual(
          0,
        );
      }),
    );
  });

  test.each([
    [1200, 800, 256, 171],
    [1200, 800, 601, 399],
    [1200, 800, 1199, 800],
    [301, 907, 85, 256],
    [3000, 50, 40, 40],
  ])("%i × %i to %i × %i is what sharp makes, within 3 and 0.6 in the mean", async (w, h, width, height) => {
    const picture = scene(w, h);
    const theirs = await sharpOf(picture).resize({ width, height, fit: "fill" }).raw().toBuffer();
    const { most, mean } = differences(preprocessor.resize(picture, { width, height }).samples, theirs);
    expect(most).toBeLessThanOrEqual(3);
    expect(mean).toBeLessThan(0.6);
  });

  test("is Lanczos' kernel within 0.51, up and down to a quarter", () => {
    const ratio = fc.double({ min: 0.26, max: 5, noNaN: true });
    fc.assert(
      fc.property(pictures, ratio, ratio, (random, byX, byY) => {
        const picture = { ...random, samples: random.samples.map((value, i) => (i % 4 === 3 ? 255 : value)) };
        const { width: w, height: h, samples } = picture;
        const to = { width: Math.ceil(w * byX), height: Math.ceil(h * byY) };
        const resized = preprocessor.resize(picture, to).samples;
        for (let y = 0; y < to.height; y += 3)
          for (let x = 0; x < to.width; x += 3) {
            const column = (row: number) => lanczosLine((k) => samples[(row * w + k) * 4]!, w, to.width, x);
            const wanted = Math.min(255, Math.max(0, lanczosLine(column, h, to.height, y)));
            expect(Math.abs(resized[(y * to.width + x) * 4]! - wanted)).toBeLessThanOrEqual(0.51);
          }
      }),
      { numRuns: 40 },
    );
  });

  test("lets transparent pixels lend no colour", () => {
    const samples = new Uint8Array(64 * 64 * 4);
    for (let i = 0; i < samples.length; i += 4)
      samples.set((i >> 2) % 2 ? [10, 20, 30, 255] : [255, 0, 0, 0], i);
    const { samples: resized } = preprocessor.resize(
      { width: 64, height: 64, samples },
      { width: 4, height: 4 },
    );
    for (let at = 0; at < resized.length; at += 4) {
      expect([...resized.subarray(at, at + 3)]).toEqual([10, 20, 30]);
      expect(Math.abs(resized[at + 3]! - 127.5)).toBeLessThan(2);
    }
  });

  test("holds hardly more than the result, whatever comes in", async () => {
    const fresh = await Preprocessor.load();
    fresh.thumbnail(scene(4000, 3000));
    expect(fresh.memoryBytes).toBeLessThan(2 * 1024 * 1024);
  });

  test("takes the longest sides that there can be", () => {
    for (const [width, height] of [
      [65_535, 2],
      [2, 65_535],
    ] as const) {
      const { samples } = preprocessor.resize(scene(width, height), { width: 1, height: 1 });
      expect([...samples.subarray(3)]).toEqual([255]);
    }
    expect(preprocessor.resize(scene(1, 1), { width: 65_535, height: 1 }).samples).toHaveLength(262_140);
  });
});

describe("thumbnail", () => {
  test("is resized as stored, then turned, then upright and grey where that is wanted", () => {
    const picture = scene(640, 480);
    const thumbnail = preprocessor.thumbnail(picture, { maxSide: 64, orientation: 6, grey: true });
    const steps = preprocessor.greyscale(
      preprocessor.upright(preprocessor.resize(picture, { width: 64, height: 48 }), 6),
    );
    expect(thumbnail).toEqual(steps);
    expect(thumbnail).toMatchObject({ width: 48, height: 64 });
  });

  test("never enlarges, and keeps one pixel of the thinnest side", () => {
    expect(preprocessor.thumbnail(scene(20, 10))).toMatchObject({ width: 20, height: 10 });
    expect(preprocessor.thumbnail(scene(9000, 3), { maxSide: 256 })).toMatchObject({ width: 256, height: 1 });
    expect(sizeWithin({ width: 6000, height: 4000 }, 256)).toEqual({ width: 256, height: 171 });
  });
});

describe("what is no picture", () => {
  const samples = new Uint8Array(16);
  const square = { width: 2, height: 2, samples };

  test.each<[string, () => unknown]>([
    ["no width", () => preprocessor.greyscale({ width: 0, height: 2, samples: new Uint8Array(0) })],
    ["a side with a fraction", () => preprocessor.greyscale({ width: 1.5, height: 2, samples })],
    ["a side above 65,535", () => preprocessor.greyscale({ width: 65_536, height: 1, samples })],
    ["too few bytes", () => preprocessor.upright({ width: 2, height: 3, samples }, 1)],
    ["too many bytes", () => preprocessor.resize({ width: 1, height: 1, samples }, { width: 1, height: 1 })],
    ["nothing to resize to", () => preprocessor.resize(square, { width: 0, height: 1 })],
    ["a negative size", () => preprocessor.resize(square, { width: 1, height: -1 })],
    ["no number", () => preprocessor.thumbnail(square, { maxSide: Number.NaN })],
    ["orientation 0", () => preprocessor.upright(square, 0 as Orientation)],
    ["orientation 9", () => preprocessor.thumbnail(square, { orientation: 9 as Orientation })],
  ])("is refused: %s", (_, work) => {
    expect(work).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });

  test("is refused when the result does not fit into memory, and the next one is made all the same", () => {
    const to = { width: 65_535, height: 65_535 };
    expect(() => preprocessor.resize(square, to)).toThrow(
      expect.objectContaining({ code: "picture.too_large" }),
    );
    expect(preprocessor.resize(square, square)).toMatchObject({ width: 2, height: 2 });
  });
});

import { tmpdir } from "node:os";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ResolvedMark } from "#contracts/mark-operator.ts";
import type { Pixels } from "#imaging/blend.ts";
import { withTagsOf } from "#imaging/tiff-writer.ts";
import { silentLogger } from "#kernel/logger.ts";
import { decodePixels } from "../../server/adapters/imaging/decode-pixels.ts";
import { inspectPicture, inspectTiffPage } from "../../server/adapters/imaging/inspect-picture.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import type { ImageMarker, MarkedPicture } from "../../server/services/ports/image-marker.ts";
import {
  imageLayer,
  markOf,
  PNG_LOGO,
  qrLayer,
  SVG_LOGO,
  textLayer,
} from "../fixtures/marks/sample-marks.ts";
import { animation, photo, photo16, SIZE } from "../fixtures/pictures/pictures.ts";

const LIMIT = 1e9;
const short = (value: number) => ({ value, unit: "short_side" }) as const;

/** Every kind of layer and blend mode, and a corner that none of them reaches. */
const mark: ResolvedMark = markOf(
  imageLayer(PNG_LOGO, { anchor: "bottom_right", opacity: 0.8 }),
  imageLayer(SVG_LOGO, { anchor: "bottom_left", blend: "multiply" }),
  textLayer("soft", { anchor: "bottom", blend: "soft_light", size: short(0.15) }),
  textLayer("over", { anchor: "right", blend: "overlay", size: short(0.15), rotation: 30 }),
  textLayer("screen", {
    anchor: "center",
    blend: "screen",
    size: short(0.12),
    color: "#804020",
    shadow: { color: "#000000", opacity: 0.5, dx: 0.05, dy: 0.05, blur: 0.02 },
  }),
  qrLayer("x", { anchor: "top_right", size: short(0.3) }),
);

let marker: ImageMarker;
beforeAll(() => {
  marker = createImageMarker({
    threads: 2,
    memoryBudgetBytes: LIMIT,
    tempDir: tmpdir(),
    logger: silentLogger,
  });
});
afterAll(() => marker.close());

const decoded = async (bytes: Uint8Array, page = 0) =>
  await decodePixels(
    bytes,
    page === 0 ? await inspectPicture(bytes, LIMIT) : await inspectTiffPage(bytes, page),
    page,
  );

/** Changed samples within and outside of what the marker says it touched. */
function changes(before: Pixels, after: Pixels, { touched, height }: MarkedPicture, page = 0) {
  const boxes = touched.filter((box) => box.page === page);
  const count = { inside: 0, outside: 0 };
  // An animation's coder may add an alpha channel of its own, opaque all over.
  const colors = Math.min(before.channels, after.channels);
  for (let i = 0; i < before.width * before.height * colors; i++) {
    const at = Math.floor(i / colors);
    const sample = (pixels: Pixels) => pixels.samples[at * pixels.channels + (i % colors)];
    if (sample(before) === sample(after)) continue;
    const [x, y] = [at % before.width, Math.floor(at / before.width) % (page === 0 ? height : before.height)];
    const inside = boxes.some(
      (box) => x >= box.left && x < box.left + box.width && y >= box.top && y < box.top + box.height,
    );
    if (inside) count.inside++;
    else count.outside++;
  }
  return count;
}

const kept: [string, () => Promise<Buffer>][] = [
  ["PNG", () => photo().png().toBuffer()],
  ["PNG with alpha", () => photo(SIZE, 4).png().toBuffer()],
  ["PNG, grey with alpha", () => photo(SIZE, 2).toColourspace("b-w").png().toBuffer()],
  ["PNG, 16 bits", () => photo16().png().toBuffer()],
  ["PNG, held upright", () => photo().withMetadata({ orientation: 6 }).png().toBuffer()],
  ["TIFF, 16 bits", () => photo16().tiff({ compression: "lzw" }).toBuffer()],
  ["TIFF, CMYK", () => photo().withIccProfile("cmyk").tiff({ compression: "lzw" }).toBuffer()],
  ["WebP, lossless", () => photo().webp({ lossless: true, effort: 1 }).toBuffer()],
];

describe("a mark of many layers", () => {
  test.each(kept)("on %s changes nothing but what the marker says it touched", async (_, make) => {
    const source = await make();
    const marked = await marker.mark(source, { mark });
    expect(marked.path).toBe("pixels");
    expect(marked.touched).toHaveLength(mark.layers.length);
    const { inside, outside } = changes(await decoded(source), await decoded(marked.body), marked);
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(2000);
  });

  test("is on each page of a TIFF, and the marker names the page", async () => {
    const sizes = [SIZE, { width: 90, height: 130 }];
    const pages = await Promise.all(sizes.map((size) => photo(size).tiff({ compression: "lzw" }).toBuffer()));
    const source = withTagsOf(pages[0]!, pages);
    const marked = await marker.mark(source, { mark });
    for (const page of [0, 1]) {
      const { inside, outside } = changes(
        await decoded(source, page),
        await decoded(marked.body, page),
        marked,
        page,
      );
      expect(outside).toBe(0);
      expect(inside).toBeGreaterThan(500);
    }
  });

  test("is on each frame of an animation", async () => {
    const source = await animation({ width: 120, height: 80 }, 3).webp({ lossless: true }).toBuffer();
    const marked = await marker.mark(source, { mark });
    expect(marked.path).toBe("pixels");
    const [before, after] = [await decoded(source), await decoded(marked.body)];
    expect(changes(before, after, marked).outside).toBe(0);
    const frameOf = (pixels: Pixels, frame: number): Pixels => {
      const length = pixels.samples.length / 3;
      return {
        ...pixels,
        height: 80,
        samples: pixels.samples.subarray(frame * length, (frame + 1) * length),
      };
    };
    for (let frame = 0; frame < 3; frame++)
      expect(changes(frameOf(before, frame), frameOf(after, frame), marked).inside).toBeGreaterThan(500);
  });

  test.each<[string, () => Promise<Uint8Array>, path?: string]>([
    ["progressive jpeg", () => photo().jpeg({ progressive: true }).toBuffer(), "coefficients"],
    ["webp", () => photo().webp({ quality: 80 }).toBuffer()],
    ["gif", () => photo().gif().toBuffer()],
    ["avif", () => photo().avif({ quality: 80, effort: 1 }).toBuffer()],
    ["avif, grey", () => photo(SIZE, 1).toColourspace("b-w").avif({ quality: 80, effort: 1 }).toBuffer()],
    ["tiff", () => photo().tiff({ compression: "jpeg", quality: 95 }).toBuffer()],
  ])("on a lossy %s looks as on a PNG of the same pixels", async (_, make, path = "recoded") => {
    const source = await make();
    const marked = await marker.mark(source, { mark });
    expect(marked.path).toBe(path);
    const plain = await sharp(source).png().toBuffer();
    const expected = await decoded((await marker.mark(plain, { mark })).body);
    const seen = await decoded(await sharp(marked.body).toColourspace("srgb").png().toBuffer());
    let sum = 0;
    for (let i = 0; i < SIZE.width * SIZE.height; i++)
      sum += Math.abs(expected.samples[i * expected.channels]! - seen.samples[i * seen.channels]!);
    expect(sum / (SIZE.width * SIZE.height)).toBeLessThan(6);
  });
});

describe("a logo's colours", () => {
  const logo = markOf(imageLayer(PNG_LOGO, { anchor: "center", width: short(0.9) }));

  test.each([
    ["Display P3", () => photo().withIccProfile("p3").png().toBuffer(), 3],
    ["sRGB with a profile", () => photo().withIccProfile("srgb").png().toBuffer(), 2],
    ["no profile", () => photo().png().toBuffer(), 0],
    ["CMYK", () => photo().withIccProfile("cmyk").tiff({ compression: "lzw" }).toBuffer(), 40],
  ])("look the same on %s", async (_, make, tolerance) => {
    const marked = await marker.mark(await make(), { mark: logo });
    const [box] = marked.touched;
    const at = {
      left: Math.round(box!.left + box!.width * 0.3),
      top: Math.round(box!.top + box!.height / 2),
    };
    const [red, green, blue] = await sharp(marked.body)
      .extract({ ...at, width: 1, height: 1 })
      .toColourspace("srgb")
      .raw()
      .toBuffer();
    expect(Math.max(Math.abs(red! - 200), Math.abs(green! - 60), Math.abs(blue! - 30))).toBeLessThanOrEqual(
      tolerance,
    );
  });

  test("are their lightness on grey", async () => {
    const marked = await marker.mark(await photo(SIZE, 1).toColourspace("b-w").png().toBuffer(), {
      mark: logo,
    });
    const [box] = marked.touched;
    const pixels = await decoded(marked.body);
    const [x, y] = [Math.round(box!.left + box!.width * 0.3), Math.round(box!.top + box!.height / 2)];
    const [expected] = await sharp(Buffer.of(200, 60, 30), { raw: { width: 1, height: 1, channels: 3 } })
      .toColourspace("b-w")
      .raw()
      .toBuffer();
    expect(Math.abs(pixels.samples[y * pixels.width + x]! - expected!)).toBeLessThanOrEqual(2);
  });

  test("are turned with the picture, for all orientations", async () => {
    const upright = await photo().png().toBuffer();
    const seen = async (bytes: Uint8Array) => await sharp(bytes).autoOrient().raw().toBuffer();
    const expected = await seen((await marker.mark(upright, { mark: logo })).body);
    for (const [orientation, turn] of [
      [3, 180],
      [6, 270],
      [8, 90],
    ] as const) {
      const held = await sharp(upright).rotate(turn).withMetadata({ orientation }).png().toBuffer();
      expect((await seen((await marker.mark(held, { mark: logo })).body)).equals(expected)).toBe(true);
    }
  });
});

describe("a mark that shows nothing", () => {
  const nothing = markOf(textLayer(" "));
  test.each([
    ["JPEG", () => photo().jpeg().toBuffer()],
    ["PNG", () => photo().png().toBuffer()],
    ["TIFF", () => photo().tiff().toBuffer()],
    ["AVIF", () => photo().avif({ effort: 1 }).toBuffer()],
  ])("leaves a %s as it is, byte for byte", async (_, make) => {
    const source = await make();
    const marked = await marker.mark(source, { mark: nothing });
    expect(Buffer.from(marked.body).equals(source)).toBe(true);
    expect(marked.touched).toEqual([]);
    expect(marked.path).not.toBe("recoded");
  });
});

test("a pattern on a JPEG is on all of it", async () => {
  const pattern = { angle: -30, gapX: short(0.05), gapY: short(0.05), stagger: true };
  const tiled = markOf(textLayer("©", { size: short(0.1), pattern }));
  const source = await photo().jpeg({ quality: 95 }).toBuffer();
  const marked = await marker.mark(source, { mark: tiled });
  const [before, after] = [await decoded(source), await decoded(marked.body)];
  const quarters = [0, 0, 0, 0];
  for (let y = 0; y < before.height; y++)
    for (let x = 0; x < before.width; x++) {
      const at = (y * before.width + x) * before.channels;
      if (Math.abs(before.samples[at]! - after.samples[at]!) > 40)
        quarters[(y * 2 < before.height ? 0 : 2) + (x * 2 < before.width ? 0 : 1)]! += 1;
    }
  expect(Math.min(...quarters)).toBeGreaterThan(200);
});

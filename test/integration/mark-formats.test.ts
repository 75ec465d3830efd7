import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK, type MarkSpec } from "#contracts/mark-spec.ts";
import type { Pixels } from "#imaging/blend.ts";
import type { OverlayRenderer } from "#imaging/overlay/overlay-renderer.ts";
import { resolvedOfSpec } from "#imaging/resolved-of-spec.ts";
import { TiffReader } from "#imaging/tiff-directory.ts";
import { withTagsOf } from "#imaging/tiff-writer.ts";
import { silentLogger } from "#kernel/logger.ts";
import { decodePixels } from "../../server/adapters/imaging/decode-pixels.ts";
import { inspectPicture, inspectTiffPage } from "../../server/adapters/imaging/inspect-picture.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import type { ImageMarker } from "../../server/services/ports/image-marker.ts";
import { animation, photo, photo16, SIZE } from "../fixtures/pictures/pictures.ts";
import { loadMarkTools } from "../support/mark-tools.ts";

const LIMIT = 1e9;
const mark: MarkSpec = { ...DEFAULT_MARK, text: "© Test", size: 0.2, opacity: 0.8 };

let marker: ImageMarker;
let renderer: OverlayRenderer;
beforeAll(async () => {
  marker = createImageMarker({ threads: 2, memoryBudgetBytes: LIMIT, logger: silentLogger });
  renderer = (await loadMarkTools()).renderer;
});
afterAll(() => marker.close());

/** Greatest and mean difference of samples within and outside of the mark's rectangle. */
function differences(before: Pixels, after: Pixels, frameHeight: number) {
  expect([after.width, after.height, after.channels]).toEqual([before.width, before.height, before.channels]);
  const [box] = renderer.render(resolvedOfSpec(mark), { width: before.width, height: frameHeight }).tiles;
  if (!box) throw new Error("The mark shows nothing.");
  const result = { outside: 0, outsideMean: 0, inside: 0 };
  let outsideCount = 0;
  for (let i = 0; i < before.samples.length; i++) {
    const pixel = Math.floor(i / before.channels);
    const [x, y] = [pixel % before.width, Math.floor(pixel / before.width) % frameHeight];
    const inside = x >= box.left && x < box.left + box.width && y >= box.top && y < box.top + box.height;
    const difference = Math.abs(before.samples[i]! - after.samples[i]!);
    if (inside) result.inside = Math.max(result.inside, difference);
    else {
      result.outside = Math.max(result.outside, difference);
      result.outsideMean += difference;
      outsideCount++;
    }
  }
  result.outsideMean /= outsideCount;
  return result;
}

async function markAndCompare(input: Uint8Array) {
  const output = await marker.mark(input, { mark });
  const before = await inspectPicture(input, LIMIT);
  const after = await inspectPicture(output.body, LIMIT);
  const difference = differences(
    await decodePixels(input, before),
    await decodePixels(output.body, after),
    before.height,
  );
  return { output, before, after, difference };
}

const lossless: [string, () => Promise<Buffer>][] = [
  ["PNG", () => photo().png().toBuffer()],
  ["PNG, interlaced", () => photo().png({ progressive: true }).toBuffer()],
  ["PNG with alpha", () => photo(SIZE, 4).png().toBuffer()],
  ["PNG, grey", () => photo(SIZE, 1).toColourspace("b-w").png().toBuffer()],
  ["PNG, grey with alpha", () => photo(SIZE, 2).toColourspace("b-w").png().toBuffer()],
  ["PNG, palette", () => photo().png({ palette: true, colours: 64 }).toBuffer()],
  ["PNG, 16 bits", () => photo16().png().toBuffer()],
  ["PNG, 16 bits with alpha", () => photo16(SIZE, 4).png().toBuffer()],
  ["PNG, 16 bits grey", () => photo16(SIZE, 1).png().toBuffer()],
  ["TIFF, uncompressed", () => photo().tiff({ compression: "none" }).toBuffer()],
  [
    "TIFF, LZW with predictor",
    () => photo().tiff({ compression: "lzw", predictor: "horizontal" }).toBuffer(),
  ],
  [
    "TIFF, deflate, tiled",
    () => photo().tiff({ compression: "deflate", tile: true, tileWidth: 64, tileHeight: 64 }).toBuffer(),
  ],
  ["TIFF, 16 bits", () => photo16().tiff({ compression: "lzw" }).toBuffer()],
  ["TIFF, grey", () => photo(SIZE, 1).toColourspace("b-w").tiff({ compression: "packbits" }).toBuffer()],
  ["TIFF with alpha", () => photo(SIZE, 4).tiff({ compression: "lzw" }).toBuffer()],
  ["TIFF, CMYK", () => photo().toColourspace("cmyk").tiff({ compression: "lzw" }).toBuffer()],
  ["WebP, lossless", () => photo().webp({ lossless: true, effort: 1 }).toBuffer()],
  [
    "WebP, lossless with alpha",
    () => photo(SIZE, 4).webp({ lossless: true, exact: true, effort: 1 }).toBuffer(),
  ],
];

const lossy: [string, () => Promise<Buffer>][] = [
  ["JPEG, 4:2:0", () => photo().jpeg({ quality: 85 }).toBuffer()],
  ["JPEG, 4:4:4", () => photo().jpeg({ quality: 92, chromaSubsampling: "4:4:4" }).toBuffer()],
  ["JPEG, progressive", () => photo().jpeg({ progressive: true }).toBuffer()],
  ["JPEG, grey", () => photo(SIZE, 1).toColourspace("b-w").jpeg().toBuffer()],
  ["JPEG, CMYK", () => photo().toColourspace("cmyk").jpeg({ quality: 90 }).toBuffer()],
  ["WebP", () => photo().webp({ quality: 80 }).toBuffer()],
  ["WebP with alpha", () => photo(SIZE, 4).webp({ quality: 80 }).toBuffer()],
  ["AVIF", () => photo().avif({ quality: 70, effort: 1 }).toBuffer()],
  ["GIF", () => photo().gif().toBuffer()],
  ["TIFF, JPEG inside", () => photo().tiff({ compression: "jpeg", quality: 90 }).toBuffer()],
];

describe("marking keeps a picture's form", () => {
  test.each(lossless)("%s: marked, and not one sample changed outside of the mark", async (_, make) => {
    const { output, before, after, difference } = await markAndCompare(await make());
    const { icc: _a, decodedBytes: _b, codedBits: _c, ...form } = before;
    expect(after).toMatchObject(form);
    expect(output).toMatchObject({ ...SIZE, frames: 1, contentType: `image/${before.format}` });
    expect(difference.outside).toBe(0);
    expect(difference.inside).toBeGreaterThan(before.bits === 16 ? 5000 : 20);
  });

  test.each(lossy)("%s: marked, and not visibly changed outside of the mark", async (_, make) => {
    const { before, after, difference } = await markAndCompare(await make());
    const { icc: _a, decodedBytes: _b, codedBits: _c, ...form } = before;
    expect(after).toMatchObject(form);
    expect(difference.outsideMean).toBeLessThan(3);
    expect(difference.inside).toBeGreaterThan(20);
  });

  test("a JPEG keeps its coding: progressive stays progressive, quantisation is no coarser", async () => {
    const source = await photo().jpeg({ quality: 77, progressive: true }).toBuffer();
    const { body } = await marker.mark(source, { mark });
    const tables = (bytes: Uint8Array) =>
      Buffer.from(bytes)
        .subarray(Buffer.from(bytes).indexOf(Buffer.from([0xff, 0xdb])))
        .subarray(5, 69);
    expect((await sharp(body).metadata()).isProgressive).toBe(true);
    expect(tables(body)).toEqual(tables(source));
  });

  test.each(["gif", "webp"] as const)(
    "an animated %s is marked on every frame and keeps its timing",
    async (format) => {
      const delay = [100, 250, 400];
      const source = await animation()[format]({ delay, loop: 3 }).toBuffer();
      const { output, before, after, difference } = await markAndCompare(source);
      expect(before.frames).toBe(3);
      expect(after).toMatchObject({ frames: 3, delays: delay, loop: 3, width: 120, height: 80 });
      expect(output.frames).toBe(3);
      expect(difference.outsideMean).toBeLessThan(3);
      const pixels = [await decodePixels(source, before), await decodePixels(output.body, after)] as const;
      for (let frame = 0; frame < 3; frame++) {
        const [a, b] = pixels.map((each) => {
          const length = each.samples.length / 3;
          return {
            ...each,
            height: 80,
            samples: each.samples.subarray(frame * length, (frame + 1) * length),
          };
        });
        expect(differences(a!, b!, 80).inside).toBeGreaterThan(20);
      }
    },
  );

  test("a TIFF of several pages is marked on each, whatever their sizes", async () => {
    const sizes = [SIZE, { width: 90, height: 130 }];
    const pages = await Promise.all(sizes.map((size) => photo(size).tiff({ compression: "lzw" }).toBuffer()));
    const source = withTagsOf(pages[0]!, pages);
    const { body } = await marker.mark(source, { mark });
    expect(new TiffReader(body).pages()).toHaveLength(2);
    for (const [page, { height }] of sizes.entries()) {
      const [before, after] = await Promise.all(
        [source, body].map(
          async (bytes) => await decodePixels(bytes, await inspectTiffPage(bytes, page), page),
        ),
      );
      const difference = differences(before!, after!, height);
      expect(difference.outside).toBe(0);
      expect(difference.inside).toBeGreaterThan(20);
    }
  });
});

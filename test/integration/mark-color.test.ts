import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK, type MarkSpec } from "#contracts/mark-spec.ts";
import { resolvedOfSpec } from "#imaging/resolved-of-spec.ts";
import { silentLogger } from "#kernel/logger.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import { adobeRgbProfile } from "../../server/adapters/imaging/samples/rgb-profile.ts";
import type { ImageMarker } from "../../server/services/ports/image-marker.ts";
import { photo, SIZE } from "../fixtures/pictures/pictures.ts";
import { loadMarkTools } from "../support/mark-tools.ts";

/** A colour that every one of the spaces holds. */
const COLOR = "#b06a48";
const mark: MarkSpec = {
  ...DEFAULT_MARK,
  text: "███",
  size: 0.3,
  opacity: 1,
  color: COLOR,
  position: "center",
};

let marker: ImageMarker;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-color-"));
  marker = createImageMarker({ threads: 2, memoryBudgetBytes: 1e9, tempDir: folder, logger: silentLogger });
});
afterAll(async () => {
  await marker.close();
  await rm(folder, { recursive: true });
});

async function adobe(picture: Sharp): Promise<Sharp> {
  const file = join(folder, "adobe.icc");
  await writeFile(file, adobeRgbProfile());
  return picture.withIccProfile(file);
}

const pictures: [string, () => Promise<Buffer>, number][] = [
  ["sRGB PNG", () => photo().withIccProfile("srgb").png().toBuffer(), 1],
  ["Display P3 PNG", () => photo().withIccProfile("p3").png().toBuffer(), 3],
  [
    "Display P3 JPEG",
    () => photo().withIccProfile("p3").jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer(),
    5,
  ],
  ["AdobeRGB TIFF", async () => (await adobe(photo())).tiff({ compression: "lzw" }).toBuffer(), 3],
  ["AdobeRGB WebP", async () => (await adobe(photo())).webp({ lossless: true }).toBuffer(), 3],
  ["CMYK JPEG with a profile", () => photo().withIccProfile("cmyk").jpeg({ quality: 95 }).toBuffer(), 4],
  [
    "CMYK TIFF with a profile",
    () => photo().withIccProfile("cmyk").tiff({ compression: "lzw" }).toBuffer(),
    1,
  ],
  ["untagged JPEG", () => photo().jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer(), 4],
  ["untagged CMYK JPEG", () => photo().toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer(), 6],
];

/** The colour in the middle of the marked area, as a colour-managed viewer shows it. */
async function seenInMark(body: Uint8Array): Promise<number[]> {
  const [box] = (await loadMarkTools()).renderer.render(resolvedOfSpec(mark), SIZE).tiles;
  if (!box) throw new Error("The mark shows nothing.");
  const x = box.left + Math.round(box.width / 6);
  const y = box.top + Math.round(box.height / 2);
  return [
    ...(await sharp(body)
      .extract({ left: x, top: y, width: 1, height: 1 })
      .toColourspace("srgb")
      .raw()
      .toBuffer()),
  ];
}

/** The mark's colour as a viewer shows it after it has been in the picture's space: ink cannot give each colour back. */
async function asSeenIn(source: Uint8Array): Promise<number[]> {
  const { space, icc } = await sharp(source).metadata();
  const pixel = sharp(Buffer.of(0xb0, 0x6a, 0x48), { raw: { width: 1, height: 1, channels: 3 } });
  if (space !== "cmyk") return [...(await pixel.raw().toBuffer())];
  const file = join(folder, "press.icc");
  if (icc) await writeFile(file, icc);
  const printed = await pixel
    .withIccProfile(icc ? file : "cmyk")
    .tiff({ compression: "lzw" })
    .toBuffer();
  return [...(await sharp(printed).toColourspace("srgb").raw().toBuffer())];
}

describe("the mark's colour", () => {
  test.each(pictures)(
    "looks the same on %s, whose profile is kept byte for byte",
    async (_, make, tolerance) => {
      const source = await make();
      const { body } = await marker.mark(source, { mark });
      expect((await sharp(body).metadata()).icc).toEqual((await sharp(source).metadata()).icc);
      const seen = await seenInMark(body);
      const expected = await asSeenIn(source);
      const off = Math.max(...seen.map((value, i) => Math.abs(value - expected[i]!)));
      expect(off).toBeLessThanOrEqual(tolerance);
    },
  );

  test("is as light as itself on a grey picture", async () => {
    const { body } = await marker.mark(await photo(SIZE, 1).toColourspace("b-w").png().toBuffer(), { mark });
    const [value] = await seenInMark(body);
    const [expected] = await sharp(Buffer.of(0xb0, 0x6a, 0x48), { raw: { width: 1, height: 1, channels: 3 } })
      .toColourspace("b-w")
      .raw()
      .toBuffer();
    expect(Math.abs(value! - expected!)).toBeLessThanOrEqual(2);
  });

  test("a profile that does not belong to the picture is kept and not used", async () => {
    const source = await (await adobe(photo())).jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
    const at = source.indexOf("RGB XYZ ", 0, "latin1");
    source.write("CMYK", at, "latin1");
    const { body } = await marker.mark(source, { mark });
    expect(Buffer.from(body).includes(source.subarray(at - 16, at + 300))).toBe(true);
  });
});

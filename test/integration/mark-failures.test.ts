import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { silentLogger } from "#kernel/logger.ts";
import { decodePixels } from "../../server/adapters/imaging/decode-pixels.ts";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import type { ImageMarker } from "../../server/services/ports/image-marker.ts";
import { animation, dng, heic, jpegClaiming, photo, pngClaiming } from "../fixtures/pictures/pictures.ts";

let marker: ImageMarker;
beforeAll(() => {
  marker = createImageMarker({ threads: 2, memoryBudgetBytes: 1e9, logger: silentLogger });
});
afterAll(async () => {
  // Whatever was thrown at it, it still works.
  await marker.mark(await photo().jpeg().toBuffer(), { mark: DEFAULT_MARK });
  await marker.close();
});

const half = (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1);
const text = (content: string) => Buffer.from(content);

/** Some bytes in the middle of the pixels turned round. */
function damaged(bytes: Buffer, at: number, length = 60): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = at; i < at + length; i++) copy[i]! ^= 0xa5;
  return copy;
}

const failing: [string, () => Promise<Uint8Array> | Uint8Array, string][] = [
  ["a HEIC, whatever its name", heic, "picture.unsupported_heic"],
  ["a camera's raw file in TIFF's clothes", dng, "picture.unsupported_raw"],
  ["a PDF", () => text("%PDF-1.7\n%âãÏÓ\n1 0 obj"), "picture.unsupported"],
  [
    "an SVG",
    () => text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    "picture.unsupported",
  ],
  ["a ZIP", () => text("PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "picture.unsupported"],
  ["a text", () => text("shopping list"), "picture.unsupported"],
  ["nothing", () => new Uint8Array(0), "picture.unsupported"],
  ["half a JPEG", async () => half(await photo().jpeg().toBuffer()), "picture.truncated"],
  [
    "a JPEG that lacks its last rows",
    async () => (await photo().jpeg().toBuffer()).subarray(0, -40),
    "picture.truncated",
  ],
  [
    "a JPEG of a header only",
    async () => (await photo().jpeg().toBuffer()).subarray(0, 300),
    "picture.truncated",
  ],
  ["half a PNG", async () => half(await photo().png().toBuffer()), "picture.truncated"],
  ["half a WebP", async () => half(await photo().webp().toBuffer()), "picture.truncated"],
  ["half a GIF", async () => half(await photo().gif().toBuffer()), "picture.truncated"],
  [
    "half a TIFF",
    async () => half(await photo().tiff({ compression: "lzw" }).toBuffer()),
    "picture.truncated",
  ],
  ["half an AVIF", async () => half(await photo().avif({ effort: 0 }).toBuffer()), "picture.truncated"],
  ["a PNG with a wrong byte", async () => damaged(await photo().png().toBuffer(), 5000), "picture.corrupt"],
  [
    "a TIFF with wrong bytes",
    async () => damaged(await photo().tiff({ compression: "lzw" }).toBuffer(), 3000),
    "picture.corrupt",
  ],
  [
    "a JPEG whose data end early",
    async () => {
      const bytes = await photo().jpeg().toBuffer();
      bytes.set([0xff, 0xd9], bytes.length >> 1);
      return bytes;
    },
    "picture.truncated",
  ],
  [
    "a small JPEG that claims 60,000 × 60,000",
    () => jpegClaiming({ width: 60_000, height: 60_000 }),
    "picture.too_large",
  ],
  [
    "a small PNG that claims 60,000 × 60,000",
    () => pngClaiming({ width: 60_000, height: 60_000 }),
    "picture.too_large",
  ],
  [
    "a floating-point TIFF",
    () => photo().tiff({ compression: "lzw", predictor: "float" }).toBuffer(),
    "picture.unsupported",
  ],
];

test("many pictures at once with stray bytes in their heads are all read", async () => {
  const pictures = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const jpeg = await photo()
        .jpeg({ quality: 40 + i, progressive: i % 2 === 0 })
        .toBuffer();
      return Buffer.concat([jpeg.subarray(0, 20), Buffer.from("stray bytes"), jpeg.subarray(20)]);
    }),
  );
  const read = pictures.map(async (bytes) => await decodePixels(bytes, await inspectPicture(bytes, 1e9)));
  expect(await Promise.all(read)).toHaveLength(60);
});

/** Data that end early, with the end mark in its place: the decoder makes up the rest, and only warns. */
async function cutWithEnd(quality: number): Promise<Uint8Array> {
  const jpeg = await photo().jpeg({ quality, progressive: true }).toBuffer();
  return Buffer.concat([jpeg.subarray(0, jpeg.length * 0.8), Buffer.from([0xff, 0xd9])]);
}

test("many damaged pictures at once are all found damaged", async () => {
  const pictures = await Promise.all(Array.from({ length: 60 }, (_, i) => cutWithEnd(40 + i)));
  const outcomes = await Promise.allSettled(
    pictures.map(async (bytes) => await decodePixels(bytes, await inspectPicture(bytes, 1e9))),
  );
  const codes = outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason.code : "accepted"));
  // Which of the two it is called hangs on the decoder's words, which threads share.
  for (const code of codes) expect(code).toMatch(/^picture\.(corrupt|truncated)$/);
});

describe("a file that cannot be marked", () => {
  test.each(failing)("%s", async (_, make, code) => {
    const failure = await marker.mark(await make(), { mark: DEFAULT_MARK }).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ name: "AppError", code, retry: "never" });
    expect((failure as Error).message).toMatch(/^(This|The end of this) .*\.$/);
  });

  test("a character that no font has is named", async () => {
    await expect(
      marker.mark(await photo().jpeg().toBuffer(), { mark: { ...DEFAULT_MARK, text: "Studio 𓂀" } }),
    ).rejects.toMatchObject({ code: "picture.glyph_missing", message: expect.stringContaining("𓂀") });
  });

  test("an animation of too many frames is refused before it is decoded", async () => {
    const small = createImageMarker({
      threads: 1,
      memoryBudgetBytes: 1e6,
      logger: silentLogger,
      mostDecodedBytes: 1e6,
    });
    const bomb = await animation({ width: 100, height: 100 }, 60).webp({ effort: 0 }).toBuffer();
    await expect(small.mark(bomb, { mark: DEFAULT_MARK })).rejects.toMatchObject({
      code: "picture.too_large",
    });
    await small.close();
  });
});

const passing: [string, (jpeg: Buffer) => Buffer][] = [
  [
    "bytes behind the end mark (a second picture, a video)",
    (jpeg) => Buffer.concat([jpeg, jpeg, Buffer.alloc(999, 7)]),
  ],
  [
    "stray bytes before a marker",
    (jpeg) => Buffer.concat([jpeg.subarray(0, -2), Buffer.of(1, 2, 3), jpeg.subarray(-2)]),
  ],
  ["no end mark", (jpeg) => jpeg.subarray(0, -2)],
  [
    "EXIF that is rubbish",
    (jpeg) =>
      Buffer.concat([
        jpeg.subarray(0, 2),
        Buffer.of(0xff, 0xe1, 0, 20),
        text("Exif\0\0MM\0*\xff\xff\xff\xffrubb".slice(0, 18)),
        jpeg.subarray(2),
      ]),
  ],
];

describe("what cameras do wrong without harm", () => {
  test.each(passing)("%s", async (_, spoil) => {
    const source = spoil(await photo().jpeg().toBuffer());
    const { body } = await marker.mark(source, { mark: DEFAULT_MARK });
    expect(await sharp(body, { failOn: "warning" }).stats()).toMatchObject({ channels: expect.any(Array) });
  });
});

describe("previews", () => {
  test("are upright, small enough, in sRGB and never enlarged", async () => {
    const source = await photo()
      .withIccProfile("p3")
      .withMetadata({ orientation: 6, icc: "p3" })
      .jpeg()
      .toBuffer();
    const { body, contentType } = await marker.preview(source, { maxSide: 60 });
    expect(contentType).toBe("image/webp");
    expect(await sharp(body).metadata()).toMatchObject({
      format: "webp",
      width: 40,
      height: 60,
      hasProfile: false,
    });
    const same = await marker.preview(source, { maxSide: 5000 });
    expect(await sharp(same.body).metadata()).toMatchObject({ width: 160, height: 240 });
  });

  test("of a HEIC say what is wrong", async () => {
    await expect(marker.preview(heic(), { maxSide: 60 })).rejects.toMatchObject({
      code: "picture.unsupported_heic",
    });
  });
});

describe("cancelling", () => {
  test("rejects at once and leaves the marker usable", async () => {
    const abort = new AbortController();
    const source = await photo().jpeg().toBuffer();
    const all = Array.from({ length: 6 }, () =>
      marker.mark(source, { mark: DEFAULT_MARK, signal: abort.signal }),
    );
    abort.abort();
    for (const each of await Promise.allSettled(all))
      expect(each).toMatchObject({ status: "rejected", reason: { code: "aborted" } });
  });
});

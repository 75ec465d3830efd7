import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK, type MarkSpec } from "#contracts/mark-spec.ts";
import { resolvedOfSpec } from "#imaging/resolved-of-spec.ts";
import { integers, TiffReader } from "#imaging/tiff-directory.ts";
import { silentLogger } from "#kernel/logger.ts";
import { decodePixels } from "../../server/adapters/imaging/decode-pixels.ts";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { loadOverlayRenderer } from "../../server/adapters/imaging/load-overlay-renderer.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import type { ImageMarker } from "../../server/services/ports/image-marker.ts";
import {
  ASSOCIATED_FORM,
  FORM_SIZE,
  GIF_FORMS,
  noise,
  type PictureForm,
  PNG_FORMS,
  RECODED_FORMS,
  TIFF_FORMS,
  WEBP_FORMS,
} from "../fixtures/pictures/exact-forms.ts";
import { pngChunksOf, writePng } from "../fixtures/pictures/written-png.ts";
import { PHOTOMETRIC, writeTiff } from "../fixtures/pictures/written-tiff.ts";
import { real } from "../support/real-components.ts";

const mark: MarkSpec = { ...DEFAULT_MARK, text: "© Test", size: 0.2, opacity: 0.8 };

let marker: ImageMarker;
let folder: string;
let box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
beforeAll(async () => {
  marker = createImageMarker({ threads: 1, memoryBudgetBytes: 1e9, logger: silentLogger });
  folder = await mkdtemp(join(tmpdir(), "platemark-forms-"));
  const [tile] = (await loadOverlayRenderer()).render(resolvedOfSpec(mark), FORM_SIZE).tiles;
  box = tile!;
});
afterAll(async () => {
  await marker.close();
  await rm(folder, { recursive: true });
});

/** Samples of all frames, one above the other. */
type Decoder = (
  file: Uint8Array,
  form: PictureForm,
) => Promise<{ readonly channels: number; readonly samples: ArrayLike<number> }>;

const byProduct: Decoder = async (file) => await decodePixels(file, await inspectPicture(file, 1e9));

/** Runs a program on the file; it answers samples on standard output. */
async function outputOf(file: Uint8Array, extension: string, command: (path: string) => string[]) {
  const path = join(folder, `picture.${extension}`);
  await writeFile(path, file);
  const [program, ...args] = command(path);
  const { stdout } = await promisify(execFile)(program!, args, { encoding: "buffer", maxBuffer: 1e9 });
  return stdout;
}

const byImageMagick: Decoder = async (file, { extension, ink }) => {
  const pixels = ink ? "cmyk:-" : "rgba:-";
  const stdout = await outputOf(file, extension, (path) => [
    real("imagemagick")!,
    `${path}[0]`,
    "-depth",
    "16",
    pixels,
  ]);
  return {
    channels: 4,
    samples: new Uint16Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length)),
  };
};

/** Pillow decodes animations frame by frame, as a viewer shows them. */
const PILLOW = `
import sys
from PIL import Image
picture = Image.open(sys.argv[1])
for frame in range(getattr(picture, "n_frames", 1)):
    picture.seek(frame)
    sys.stdout.buffer.write(picture.convert("RGBA").tobytes())
`;
const python = real("python");
const hasPillow = python !== undefined && spawnSync(python, ["-c", "import PIL"]).status === 0;
if (!hasPillow && process.env.REQUIRE_REAL === "1")
  throw new Error("REQUIRE_REAL=1, but PLATEMARK_TEST_PYTHON has no Pillow: pip install pillow.");
const byPillow: Decoder = async (file, { extension }) => ({
  channels: 4,
  samples: await outputOf(file, extension, (path) => [python!, "-c", PILLOW, path]),
});

async function differences(form: PictureForm, decode: Decoder) {
  const source = await form.make();
  const { body } = await marker.mark(source, { mark });
  const [before, after] = [await decode(source, form), await decode(body, form)];
  expect(after.samples.length).toBe(before.samples.length);
  const { width, height } = FORM_SIZE;
  expect(before.samples.length % (width * height * before.channels)).toBe(0);
  const result = { inside: 0, outside: 0, most: 0, mean: 0 };
  for (let i = 0; i < before.samples.length; i++) {
    const difference = Math.abs(before.samples[i]! - after.samples[i]!);
    if (difference === 0) continue;
    const pixel = Math.floor(i / before.channels);
    const [x, y] = [pixel % width, Math.floor(pixel / width) % height];
    const inside = x >= box.left && x < box.left + box.width && y >= box.top && y < box.top + box.height;
    result[inside ? "inside" : "outside"]++;
    if (inside) continue;
    result.most = Math.max(result.most, difference);
    result.mean += difference / before.samples.length;
  }
  return { ...result, source, body };
}

const decoders: [string, boolean, Decoder, readonly PictureForm[]][] = [
  ["the product's decoder", true, byProduct, [...PNG_FORMS, ...TIFF_FORMS, ...WEBP_FORMS, ASSOCIATED_FORM]],
  ["ImageMagick", real("imagemagick") !== undefined, byImageMagick, [...PNG_FORMS, ...TIFF_FORMS]],
  ["Pillow", hasPillow, byPillow, [...WEBP_FORMS, ...GIF_FORMS]],
];
for (const [name, there, decode, forms] of decoders)
  describe.skipIf(!there)(`${name} finds the same samples outside of the mark`, () => {
    test.each(forms.map((form) => [form.name, form] as const))("%s", async (_, form) => {
      const { inside, outside } = await differences(form, decode);
      expect(outside).toBe(0);
      expect(inside).toBeGreaterThan(100);
    });
  });

describe("forms that are coded anew", () => {
  test.each(RECODED_FORMS.map((form) => [form.name, form] as const))(
    "%s: not exact, and within its bounds",
    async (_, form) => {
      const { outside, most, mean } = await differences(form, byProduct);
      expect(outside).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(form.most);
      expect(mean).toBeLessThanOrEqual(form.mean);
    },
  );

  test.skipIf(!hasPillow)(
    "associated alpha of a TIFF becomes unassociated, within 1 as it is seen",
    async () => {
      const { most, source, body } = await differences(ASSOCIATED_FORM, byPillow);
      expect(most).toBeLessThanOrEqual(1);
      const kind = (bytes: Uint8Array) => integers(new TiffReader(bytes).pages()[0]!.get(338));
      expect([kind(source), kind(body)]).toEqual([[1], [2]]);
    },
  );

  test("a TIFF of tiles in planes is refused with a way out", async () => {
    const samples = noise(FORM_SIZE.width * FORM_SIZE.height * 3, 8);
    const page = { ...FORM_SIZE, photometric: PHOTOMETRIC.rgb, bits: 8, channels: 3, samples } as const;
    const refused = marker.mark(writeTiff([{ ...page, tile: 32, planar: true }]), { mark });
    await expect(refused).rejects.toMatchObject({ code: "picture.unsupported" });
  });
});

describe("the marked file's form", () => {
  test("a PNG keeps depth, colour type, interlacing; low depths and palettes become the next full one", async () => {
    const form = (bytes: Uint8Array) => [bytes[24], bytes[25], bytes[28]];
    for (const picture of PNG_FORMS) {
      const source = await picture.make();
      const { body } = await marker.mark(source, { mark });
      const [bits, color, interlace] = form(source);
      const hasTransparency = pngChunksOf(Buffer.from(source)).some(({ type }) => type === "tRNS");
      const full = color === 3 ? 2 : color!;
      expect([picture.name, ...form(body)]).toEqual([
        picture.name,
        Math.max(8, bits!),
        hasTransparency ? full | 4 : full,
        interlace,
      ]);
    }
  });

  test("a PNG keeps every chunk that describes it, byte for byte and in its order", async () => {
    const number = (...values: number[]) => {
      const bytes = Buffer.alloc(4 * values.length);
      for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
      return bytes;
    };
    const text = (value: string) => Buffer.from(value, "latin1");
    const profile = deflateSync(Buffer.alloc(200, "not looked into"));
    const source = writePng({
      ...FORM_SIZE,
      color: 2,
      bits: 8,
      samples: noise(FORM_SIZE.width * FORM_SIZE.height * 3, 8),
      before: [
        ["gAMA", number(45_455)],
        ["cHRM", number(31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)],
        ["sBIT", Uint8Array.of(8, 7, 8)],
        ["iCCP", Buffer.concat([text("Studio\0\0"), profile])],
        ["bKGD", Uint8Array.of(0, 1, 0, 2, 0, 3)],
        ["pHYs", Buffer.concat([number(2_835, 2_835), Uint8Array.of(1)])],
        ["tEXt", text("Title\0one")],
        ["prVt", text("a program's own")],
      ],
      behind: [
        ["tIME", Uint8Array.of(7, 230, 1, 2, 3, 4, 5)],
        ["eXIf", text("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0")],
        ["iTXt", text("Comment\0\0\0\0\0two")],
      ],
    });
    const { body } = await marker.mark(source, { mark });
    const described = (bytes: Buffer) => pngChunksOf(bytes).filter(({ type }) => type !== "IDAT");
    expect(described(Buffer.from(body))).toEqual(described(source));
  });

  test("a PNG loses what its new colour type has no place for", async () => {
    const palette = Uint8Array.of(1, 2, 3, 200, 100, 50);
    const samples = noise(FORM_SIZE.width * FORM_SIZE.height, 1);
    const before = [["sBIT", Uint8Array.of(8, 8, 8)]] as const;
    const source = writePng({ ...FORM_SIZE, color: 3, bits: 1, samples, palette, before });
    const { body } = await marker.mark(source, { mark });
    expect(new Set(pngChunksOf(Buffer.from(body)).map(({ type }) => type))).toEqual(
      new Set(["IHDR", "IDAT", "IEND"]),
    );
  });

  test("each page of a TIFF keeps its depth, its kind and its tags", async () => {
    const pixels = FORM_SIZE.width * FORM_SIZE.height;
    const source = writeTiff(
      [
        {
          ...FORM_SIZE,
          photometric: PHOTOMETRIC.rgb,
          bits: 16,
          channels: 3,
          samples: noise(pixels * 3, 16),
          text: "first",
        },
        {
          ...FORM_SIZE,
          photometric: PHOTOMETRIC.blackIsZero,
          bits: 8,
          channels: 1,
          samples: noise(pixels, 8),
          text: "second",
        },
      ],
      { bigEndian: true, wide: true },
    );
    const { body } = await marker.mark(source, { mark });
    const facts = (bytes: Uint8Array) =>
      new TiffReader(bytes)
        .pages()
        .map((page) => [
          integers(page.get(258)),
          integers(page.get(262)),
          Buffer.from(page.get(270)?.value ?? []).toString("latin1"),
        ]);
    expect(facts(body)).toEqual(facts(source));
  });
});

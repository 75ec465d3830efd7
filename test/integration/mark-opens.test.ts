import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { CoefficientKernel } from "#imaging/wasm/coefficient-kernel.ts";
import { silentLogger } from "#kernel/logger.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import { codedPictures } from "../fixtures/pictures/coded-pictures.ts";
import { writeJpeg } from "../fixtures/pictures/jpeg-coefficients.ts";
import { JFIF, photographLike, SAMPLINGS } from "../fixtures/pictures/jpeg-pictures.ts";
import { inOtherScans, progressiveScript } from "../fixtures/pictures/other-scans.ts";
import { photo } from "../fixtures/pictures/pictures.ts";
import { real } from "../support/real-components.ts";
import { CHROMIUM_ARGUMENTS } from "../support/window-browser.ts";

/** Marked JPEGs of every kind open everywhere, and nobody complains. */

const size = { width: 331, height: 217 };
const run = promisify(execFile);

interface MarkedFile {
  readonly name: string;
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly channels: number;
}

async function sources(): Promise<[name: string, path: "spliced" | "coefficients", bytes: Uint8Array][]> {
  const kernel = await CoefficientKernel.load();
  const numbers = SAMPLINGS.filter(([, sampling]) => sampling.length < 4).flatMap(([name, sampling], i) => {
    const picture = photographLike(size.width, size.height, sampling, i);
    const script = progressiveScript(sampling.length, {
      interleaved: true,
      dcLow: 1,
      bands: sampling.map(() => ({ cuts: [5], low: 2 })),
    });
    return [0, 5].flatMap((restartInterval): Awaited<ReturnType<typeof sources>> => {
      const plain = writeJpeg(picture, { restartInterval, extra: JFIF });
      const progressive = inOtherScans(kernel, plain, script, { restartInterval });
      return [
        [`${name}, restart interval ${restartInterval}`, "spliced", plain],
        [`progressive ${name}, restart interval ${restartInterval}`, "coefficients", progressive],
      ];
    });
  });
  const by = async (options: object, path: "spliced" | "coefficients", cmyk = false) =>
    [
      `${cmyk ? "CMYK " : ""}by sharp ${JSON.stringify(options)}`,
      path,
      new Uint8Array(await (cmyk ? photo(size).toColourspace("cmyk") : photo(size)).jpeg(options).toBuffer()),
    ] as [string, typeof path, Uint8Array];
  return [
    ...numbers,
    await by({ optimiseCoding: false }, "spliced"),
    await by({ optimiseCoding: true, chromaSubsampling: "4:4:4" }, "spliced"),
    await by({ progressive: true }, "coefficients"),
    await by({ mozjpeg: true, quality: 95 }, "coefficients"),
    await by({ optimiseCoding: false }, "spliced", true),
    await by({ progressive: true }, "coefficients", true),
    ...codedPictures().map(
      ([name, bytes]) => [name, "coefficients", bytes] as [string, "coefficients", Uint8Array],
    ),
  ];
}

const files: MarkedFile[] = [];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-opens-"));
  const marker = createImageMarker({ threads: 1, memoryBudgetBytes: 1e9, logger: silentLogger });
  for (const [i, [name, path, source]] of (await sources()).entries()) {
    const marked = await marker.mark(source, { mark: DEFAULT_MARK });
    if (marked.path !== path) throw new Error(`${name}: ${marked.path}`);
    const file = join(folder, `${i}.jpg`);
    await writeFile(file, marked.body);
    const { channels } = await sharp(marked.body).metadata();
    files.push({ name, file, bytes: marked.body, channels });
  }
  await marker.close();
});
afterAll(() => rm(folder, { recursive: true }));

test("in sharp's libjpeg-turbo, every warning an error", async () => {
  for (const { name, bytes } of files)
    await expect(sharp(bytes, { failOn: "warning" }).raw().toBuffer(), name).resolves.toBeInstanceOf(Buffer);
});

const PILLOW = `
import sys, warnings
warnings.simplefilter("error")
from PIL import Image
for path in sys.argv[1:]:
    picture = Image.open(path)
    picture.load()
    print(picture.format, *picture.size)
`;
const LIBJPEG = `
import sys, jpeglib
jpeglib.version.set("turbo210")
for path in sys.argv[1:]:
    picture = jpeglib.read_dct(path)
    print("JPEG", picture.width, picture.height)
`;
const python = real("python");
const hasReaders = python !== undefined && spawnSync(python, ["-c", "import jpeglib, PIL"]).status === 0;
if (!hasReaders && process.env.REQUIRE_REAL === "1")
  throw new Error("REQUIRE_REAL=1, but PLATEMARK_TEST_PYTHON lacks packages: pip install jpeglib pillow.");

describe.skipIf(!hasReaders)("in Python", () => {
  test.each([
    ["Pillow", PILLOW],
    ["jpeglib", LIBJPEG],
  ])("by %s", async (_, script) => {
    const { stdout, stderr } = await run(python!, ["-c", script, ...files.map(({ file }) => file)]);
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n")).toEqual(
      await Promise.all(
        files.map(async ({ bytes }) => {
          const { width, height } = await sharp(bytes).metadata();
          return `JPEG ${width} ${height}`;
        }),
      ),
    );
  });
});

describe.skipIf(real("imagemagick") === undefined)("in ImageMagick", () => {
  test("which describes and converts them without a word of warning", async () => {
    for (const last of [["-verbose", "info:"], ["null:"]]) {
      const { stdout, stderr } = await run(
        real("imagemagick")!,
        [...files.map(({ file }) => file), ...last],
        {
          maxBuffer: 1e9,
        },
      );
      expect(stderr).toBe("");
      if (last.length > 1) expect(stdout.match(/Format: JPEG/g)).toHaveLength(files.length);
    }
  });
});

describe.skipIf(real("chromium") === undefined)("in Chromium", () => {
  test("which shows the pixels that sharp decodes", async () => {
    const browser = await chromium.launch({ executablePath: real("chromium")!, args: CHROMIUM_ARGUMENTS });
    try {
      const page = await browser.newPage();
      for (const { name, bytes, channels } of files) {
        const shown = await page.evaluate(async (base64) => {
          const raw = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
          const picture = await createImageBitmap(new Blob([raw], { type: "image/jpeg" }), {
            colorSpaceConversion: "none",
          });
          const canvas = new OffscreenCanvas(picture.width, picture.height);
          const context = canvas.getContext("2d")!;
          context.drawImage(picture, 0, 0);
          const { data } = context.getImageData(0, 0, picture.width, picture.height);
          let text = "";
          for (let at = 0; at < data.length; at += 0x8000)
            text += String.fromCharCode(...data.subarray(at, at + 0x8000));
          return { width: picture.width, height: picture.height, rgba: btoa(text) };
        }, Buffer.from(bytes).toString("base64"));
        const { data, info } = await sharp(bytes)
          .toColourspace("srgb")
          .removeAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true });
        expect([shown.width, shown.height], name).toEqual([info.width, info.height]);
        // Inks become light by other rules in each program.
        if (channels === 4) continue;
        const rgba = Buffer.from(shown.rgba, "base64");
        let sum = 0;
        for (let i = 0; i < info.width * info.height; i++)
          for (let channel = 0; channel < 3; channel++) {
            const own = data[i * info.channels + (info.channels === 1 ? 0 : channel)]!;
            sum += Math.abs(own - rgba[4 * i + channel]!);
          }
        expect(sum / (3 * info.width * info.height), name).toBeLessThan(1);
      }
    } finally {
      await browser.close();
    }
  });
});

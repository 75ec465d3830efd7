import { readFile } from "node:fs/promises";
import fc from "fast-check";
import sharp, { type JpegOptions, type Sharp } from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { readCoefficients, writeJpeg } from "../fixtures/pictures/jpeg-coefficients.ts";
import { photo } from "../fixtures/pictures/pictures.ts";
import { runWasiHere } from "../support/wasi-here.ts";

const SIZE = { width: 333, height: 219 };

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await WebAssembly.compile(
    await readFile(new URL("../../resources/wasm/preprocess.wasm", import.meta.url)),
  );
});

/** The PGM or PPM that comes out. */
async function decoded(file: Uint8Array, ...options: string[]) {
  const { status, output, complaints, memoryBytes } = await runWasiHere(module, options, file);
  expect({ status, complaints }).toEqual({ status: 0, complaints: "" });
  const [head, kind, width, height] = /^P([56])\n(\d+) (\d+)\n255\n/.exec(output.toString("latin1", 0, 40))!;
  return {
    channels: kind === "5" ? 1 : 3,
    width: Number(width),
    height: Number(height),
    samples: output.subarray(head.length),
    memoryBytes,
  };
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

/** Hardly a place without a slope, so that a shift by a part of a pixel shows. */
function waves(): Sharp {
  const samples = Uint8Array.from({ length: SIZE.width * SIZE.height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const [x, y] = [pixel % SIZE.width, Math.floor(pixel / SIZE.width)];
    return 128 + (90 - 20 * (i % 3)) * Math.sin(x / 13 + (i % 3)) * Math.cos(y / 11);
  });
  return sharp(samples, { raw: { ...SIZE, channels: 3 } });
}

const jpeg = (options: JpegOptions) => () =>
  waves()
    .jpeg({ quality: 90, ...options })
    .toBuffer();
const grey = (options: JpegOptions) => () =>
  waves()
    .toColourspace("b-w")
    .jpeg({ quality: 90, ...options })
    .toBuffer();
const pictures: [string, () => Promise<Uint8Array>][] = [
  ["4:4:4", jpeg({ chromaSubsampling: "4:4:4" })],
  ["4:2:0", jpeg({})],
  ["4:2:0 with tables of its own", jpeg({ optimiseCoding: true })],
  ["progressive, 4:4:4", jpeg({ progressive: true, chromaSubsampling: "4:4:4" })],
  ["progressive, 4:2:0", jpeg({ progressive: true })],
  ["progressive, in many scans", jpeg({ mozjpeg: true })],
  ["grey", grey({})],
  ["grey, progressive", grey({ progressive: true })],
  [
    "with restart markers",
    async () => writeJpeg(readCoefficients(await jpeg({ optimiseCoding: false })()), { restartInterval: 4 }),
  ],
];

describe.each(pictures)("a JPEG, %s", (_, make) => {
  test("is decoded as libjpeg does it, but for smoothed colour", async () => {
    const file = await make();
    const { channels, samples } = await decoded(file, "--orientation", "1");
    const theirs = sharp(file).toColourspace(channels === 1 ? "b-w" : "srgb");
    const { most, mean } = differences(samples, await theirs.raw().toBuffer());
    expect(most).toBeLessThanOrEqual(30);
    expect(mean).toBeLessThan(2);
  });

  test.each([160, 64, 20])("becomes a thumbnail of %i as if it were decoded whole", async (side) => {
    const file = await make();
    const { width, height, channels, samples } = await decoded(file, "--resize", String(side));
    expect(Math.max(width, height)).toBe(side);
    const whole = await sharp(file).png().toBuffer();
    const theirs = await sharp(whole)
      .resize({ width, height, fit: "fill" })
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .raw()
      .toBuffer();
    const { most, mean } = differences(samples, theirs);
    expect(most).toBeLessThanOrEqual(6);
    expect(mean).toBeLessThan(1.1);
  });
});

test("the same coefficients give the same pixels, sequential, progressive, or with restart markers", async () => {
  const plain = await jpeg({ optimiseCoding: false })();
  const coefficients = readCoefficients(plain);
  const pairs = [
    [plain, await jpeg({ progressive: true })()],
    [plain, await jpeg({ progressive: true, optimiseScans: true })()],
    [writeJpeg(coefficients), writeJpeg(coefficients, { restartInterval: 4 })],
  ] as const;
  for (const [one, other] of pairs) {
    expect(Buffer.compare(other, one)).not.toBe(0);
    const [first, second] = [await decoded(one, "--grey"), await decoded(other, "--grey")];
    expect(first.samples.equals(second.samples)).toBe(true);
  }
});

test("a JPEG stands as its EXIF says, unless it is told otherwise", async () => {
  const file = await photo(SIZE).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const upright = await decoded(file, "--resize", "64");
  expect([upright.width, upright.height]).toEqual([42, 64]);
  const turned = await sharp(file).autoOrient().png().toBuffer();
  const theirs = await sharp(turned).resize({ width: 42, height: 64, fit: "fill" }).raw().toBuffer();
  expect(differences(upright.samples, theirs).most).toBeLessThanOrEqual(6);
  const stored = await decoded(file, "--resize", "64", "--orientation", "1");
  expect([stored.width, stored.height]).toEqual([64, 42]);
});

test("a CMYK JPEG is shown as paper under its inks, without a profile", async () => {
  const file = await photo(SIZE).toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer();
  const inks = await sharp(file).pipelineColourspace("cmyk").toColourspace("cmyk").raw().toBuffer();
  const wanted = new Uint8Array((inks.length / 4) * 3);
  for (let i = 0; i < inks.length / 4; i++)
    for (let c = 0; c < 3; c++)
      wanted[i * 3 + c] = ((255 - inks[i * 4 + c]!) * (255 - inks[i * 4 + 3]!)) / 255;
  const { samples } = await decoded(file, "--orientation", "1");
  expect(differences(samples, wanted).mean).toBeLessThan(1.5);
});

test("a large sequential JPEG needs little more memory than its file", async () => {
  const file = await photo({ width: 4000, height: 3000 }).jpeg({ quality: 85 }).toBuffer();
  const { width, height, memoryBytes } = await decoded(file, "--resize", "256");
  expect([width, height]).toEqual([256, 192]);
  expect(memoryBytes).toBeLessThan(file.length + 3 * 1024 * 1024);
});

describe("a JPEG that cannot be read", () => {
  const changed = async (change: (file: Buffer) => Uint8Array) => {
    const file = await photo(SIZE).jpeg().toBuffer();
    return change(file);
  };
  const frameOf = (file: Buffer) => file.indexOf(Buffer.from([0xff, 0xc0]));

  test.each<[string, (file: Buffer) => Uint8Array, RegExp]>([
    ["cut in its data", (file) => file.subarray(0, file.length / 2), /end is missing/],
    ["cut in its head", (file) => file.subarray(0, 100), /end is missing/],
    ["only two bytes", (file) => file.subarray(0, 2), /end is missing/],
    [
      "arithmetic-coded",
      (file) => {
        file[frameOf(file) + 1] = 0xc9;
        return file;
      },
      /only baseline, extended and progressive/,
    ],
    [
      "of 12 bits",
      (file) => {
        file[frameOf(file) + 4] = 12;
        return file;
      },
      /8 bits/,
    ],
    [
      "progressive and larger than any memory",
      (file) => {
        const frame = frameOf(file);
        file[frame + 1] = 0xc2;
        return file.fill(0xff, frame + 5, frame + 9);
      },
      /not enough memory/,
    ],
  ])("says so: %s", async (_, change, complaint) => {
    const ended = await runWasiHere(module, ["--resize", "64"], await changed(change));
    expect(ended).toMatchObject({ status: 1, output: Buffer.alloc(0) });
    expect(ended.complaints).toMatch(complaint);
  });

  test("never traps or hangs, whatever is wrong with it", async () => {
    const size = { width: 61, height: 37 };
    const files = await Promise.all([
      photo(size).jpeg().toBuffer(),
      photo(size).jpeg({ progressive: true }).toBuffer(),
      photo(size).jpeg({ mozjpeg: true, chromaSubsampling: "4:4:4" }).toBuffer(),
      photo(size).withMetadata({ orientation: 5 }).jpeg().toBuffer(),
      photo(size).toColourspace("cmyk").jpeg().toBuffer(),
    ]);
    const endings = { 0: 0, 1: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
        fc.option(fc.nat()),
        fc.constantFrom(["--resize", "9"], ["--orientation", "7"], ["--grey"]),
        async (file, changes, cut, options) => {
          const bytes = Uint8Array.from(
            file.subarray(0, cut === null ? file.length : 2 + (cut % file.length)),
          );
          const frame = file.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc2].includes(file[i + 1]!));
          for (const [place, value] of changes) {
            const at = 2 + (place % (bytes.length - 1));
            // Its height and width stay: gigabytes of zeros prove nothing.
            if (at < frame + 5 || at > frame + 8) bytes[at] = value;
          }
          const { status, output, complaints } = await runWasiHere(module, options, bytes);
          endings[status as 0 | 1]++;
          expect(status === 0 ? output.length : complaints.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 3000 },
    );
    expect(endings[0]).toBeGreaterThan(100);
    expect(endings[1]).toBeGreaterThan(100);
  });
});

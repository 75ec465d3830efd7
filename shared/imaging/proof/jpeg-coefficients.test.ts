import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { blockPlaces, canonicalBlocks } from "../../../test/fixtures/pictures/canonical-blocks.ts";
import {
  type Coefficients,
  mcuCount,
  readCoefficients,
  writeJpeg,
} from "../../../test/fixtures/pictures/jpeg-coefficients.ts";
import { jpegClaiming, photo } from "../../../test/fixtures/pictures/pictures.ts";
import { ProofKernel } from "../wasm/proof-kernel.ts";
import { JpegCoefficients } from "./jpeg-coefficients.ts";
import { UnreadableCoefficients } from "./jpeg-markers.ts";

let kernel: ProofKernel;
beforeAll(async () => {
  kernel = await ProofKernel.load();
});

function read(bytes: Uint8Array, stream = 0) {
  kernel.reset();
  const picture = new JpegCoefficients(kernel, stream, bytes);
  return { picture, blocks: canonicalBlocks(kernel, picture) };
}

/** What the slow coder was given, without the blocks that only fill up the last MCUs. */
function inPicture({ blocks, sampling, ...size }: Coefficients, picture: JpegCoefficients): Int16Array[] {
  const factors = sampling.length === 1 ? [[1, 1] as const] : sampling;
  const all = blockPlaces(picture);
  const { columns, rows, blocks: perMcu } = mcuCount({ ...size, sampling });
  const kept: Int16Array[] = [];
  const wanted = new Set(all.map(({ component, x, y }) => `${component} ${x} ${y}`));
  for (let mcu = 0; mcu < columns * rows; mcu++) {
    let at = mcu * perMcu;
    for (const [component, [h, v]] of factors.entries())
      for (let i = 0; i < h * v; i++, at++) {
        const x = (mcu % columns) * h + (i % h);
        const y = Math.floor(mcu / columns) * v + Math.floor(i / h);
        if (wanted.has(`${component} ${x} ${y}`)) kept.push(blocks[at]!);
      }
  }
  return kept;
}

const SAMPLINGS: readonly (readonly (readonly [number, number])[])[] = [
  [[1, 1]],
  [[2, 2]],
  [
    [1, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [1, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [4, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
  ],
];

/** Any coefficients that an 8-bit JPEG can hold, most of them 0. */
const coefficient = fc.oneof(
  { weight: 12, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 1, arbitrary: fc.integer({ min: -1023, max: 1023 }) },
);
const anyPicture = fc
  .record({
    width: fc.integer({ min: 1, max: 50 }),
    height: fc.integer({ min: 1, max: 40 }),
    sampling: fc.constantFrom(...SAMPLINGS),
    restartInterval: fc.integer({ min: 0, max: 3 }),
  })
  .chain(({ restartInterval, ...shape }) => {
    const { columns, rows, blocks } = mcuCount(shape);
    const count = columns * rows * blocks;
    return fc
      .array(fc.array(coefficient, { minLength: 64, maxLength: 64 }), { minLength: 1, maxLength: 12 })
      .map((few) => ({
        restartInterval,
        ...shape,
        blocks: Array.from({ length: count }, (_, i) => {
          const block = Int16Array.from(few[(i * 7) % few.length]!);
          block[0] = Math.max(-1000, Math.min(1000, block[0]!));
          return block;
        }),
      }));
  });

describe("JpegCoefficients", () => {
  test("reads what was written, for any coefficients, sampling, size and restart interval", () => {
    fc.assert(
      fc.property(anyPicture, ({ restartInterval, ...coefficients }) => {
        const { picture, blocks } = read(writeJpeg(coefficients, { restartInterval }));
        expect(blocks).toEqual(inPicture(coefficients, picture));
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    ["4:4:4", { chromaSubsampling: "4:4:4" }],
    ["4:2:0", {}],
    ["of quality 100", { quality: 100 }],
  ] as const)("reads libjpeg's %s as the slow reader does", async (_, options) => {
    const bytes = await photo({ width: 203, height: 117 })
      .jpeg({ ...options, progressive: false })
      .toBuffer();
    const { picture, blocks } = read(bytes, 1);
    expect(blocks).toEqual(inPicture(readCoefficients(bytes), picture));
  });

  test.each([
    ["4:4:4", { chromaSubsampling: "4:4:4" }],
    ["4:2:0", { quality: 60 }],
    ["of quality 100", { quality: 100 }],
  ] as const)("a progressive JPEG, %s, has the coefficients of the sequential one", async (_, options) => {
    const source = photo({ width: 203, height: 117 });
    const [one, many] = await Promise.all(
      [false, true].map((progressive) =>
        source
          .clone()
          .jpeg({ ...options, progressive })
          .toBuffer(),
      ),
    );
    expect(read(many!).blocks).toEqual(read(one!).blocks);
  });

  test("the blocks of MCUs that are left out are not in the row, all others are", async () => {
    const bytes = await photo({ width: 64, height: 16 }).jpeg().toBuffer();
    kernel.reset();
    const picture = new JpegCoefficients(kernel, 0, bytes);
    const all = picture.nextRow(0);
    const ends = Array.from({ length: 4 }, (_, i) => kernel.uint32(all.ends + 4 * i));
    const whole = kernel.view(all.out, all.length).slice();
    picture.rewind();
    const skipped = kernel.allocate(4)!;
    kernel.view(skipped, 4).set([0, 1, 0, 0]);
    const some = picture.nextRow(skipped);
    const rest = [...whole.subarray(0, ends[0]), ...whole.subarray(ends[1]!)];
    expect([...kernel.view(some.out, some.length)]).toEqual(rest);
  });

  test("a damaged JPEG is refused or read, at once, and never read beyond its end", async () => {
    const sources = await Promise.all(
      [false, true].map((progressive) =>
        photo({ width: 72, height: 56 }).jpeg({ progressive, quality: 70 }).toBuffer(),
      ),
    );
    const count = { refused: 0, read: 0 };
    const anywhere = fc.noBias(fc.nat(1_000_000));
    const mutation = fc.record({
      source: fc.constantFrom(...sources),
      edits: fc.array(fc.tuple(anywhere, fc.nat(255)), { maxLength: 4 }),
      cut: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: anywhere }),
    });
    fc.assert(
      fc.property(mutation, ({ source, edits, cut }) => {
        const bytes = Uint8Array.from(cut === null ? source : source.subarray(0, cut % source.length));
        for (const [at, value] of edits) if (bytes.length > 0) bytes[at % bytes.length] = value;
        try {
          read(bytes);
          count.read++;
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableCoefficients);
          count.refused++;
        }
      }),
      { numRuns: 2000 },
    );
    expect(count.refused).toBeGreaterThan(300);
    expect(count.read).toBeGreaterThan(300);
  });

  test("a JPEG that claims far more than it holds is given up in the first row", async () => {
    const bytes = await jpegClaiming({ width: 60_000, height: 60_000 });
    expect(() => read(bytes)).toThrow("the data end too early (row 0)");
  });

  test.each([
    ["data that end too early", (bytes: Uint8Array) => Uint8Array.from([...bytes].toSpliced(-40, 38))],
    ["a byte too many", (bytes: Uint8Array) => Uint8Array.from([...bytes].toSpliced(-2, 0, 0x55))],
    ["no end marker", (bytes: Uint8Array) => bytes.slice(0, -2)],
    ["nothing", () => new Uint8Array(0)],
  ])("refuses a JPEG with %s", async (_, damage) => {
    const bytes = new Uint8Array(await photo({ width: 72, height: 56 }).jpeg().toBuffer());
    expect(() => read(bytes)).not.toThrow();
    expect(() => read(damage(bytes))).toThrow(UnreadableCoefficients);
  });
});

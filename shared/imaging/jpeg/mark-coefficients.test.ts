import { readFile } from "node:fs/promises";
import fc from "fast-check";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { canonicalBlocks } from "../../../test/fixtures/pictures/canonical-blocks.ts";
import { type Coefficients, mcuCount, writeJpeg } from "../../../test/fixtures/pictures/jpeg-coefficients.ts";
import { JFIF, photographLike, random, SAMPLINGS } from "../../../test/fixtures/pictures/jpeg-pictures.ts";
import {
  apart,
  inOtherScans,
  progressiveScript,
  type ScriptChoice,
} from "../../../test/fixtures/pictures/other-scans.ts";
import type { InkTile } from "../overlay.ts";
import { JpegCoefficients } from "../proof/jpeg-coefficients.ts";
import { CoefficientKernel } from "../wasm/coefficient-kernel.ts";
import { JpegKernel } from "../wasm/jpeg-kernel.ts";
import { ProofKernel } from "../wasm/proof-kernel.ts";
import { segmentAt } from "./file-segment.ts";
import { markCoefficients } from "./mark-coefficients.ts";
import { readScanHeader } from "./scan-header.ts";
import { spliceMark } from "./splice-mark.ts";

let kernel: CoefficientKernel;
let proof: ProofKernel;
let splice: JpegKernel;
beforeAll(async () => {
  kernel = await CoefficientKernel.load();
  proof = await ProofKernel.load();
  splice = await JpegKernel.load();
});

/** By the proof's reader, which shares nothing with the one under test. */
function blocksOf(jpeg: Uint8Array): Int16Array[] {
  proof.reset();
  return canonicalBlocks(proof, new JpegCoefficients(proof, 0, jpeg));
}

/** A half-transparent disc. */
function disc(left: number, top: number, size: number, colors: readonly number[]): InkTile {
  const channels = colors.length as InkTile["channels"];
  const alpha = Uint8Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) - size / 2, Math.floor(i / size) - size / 2];
    return x * x + y * y < (size * size) / 4 ? 140 : 0;
  });
  return {
    left,
    top,
    width: size,
    height: size,
    channels,
    alpha,
    colors,
    blend: "normal",
  };
}

function marked(jpeg: Uint8Array, tiles: readonly InkTile[]): Uint8Array {
  const result = markCoefficients(kernel, jpeg, tiles);
  if (!result.exact) throw new Error(result.reason);
  return result.bytes;
}

const choice = fc.record({
  interleaved: fc.boolean(),
  dcLow: fc.nat(3),
  bands: fc.array(
    fc.record({ cuts: fc.array(fc.integer({ min: 1, max: 62 }), { maxLength: 3 }), low: fc.nat(4) }),
    { minLength: 4, maxLength: 4 },
  ),
}) satisfies fc.Arbitrary<ScriptChoice>;

/** Few large values, many, only large ones (bits that refine and nothing new), only small ones. */
const kinds = ["sparse", "photograph", "large", "small"] as const;

function picture(
  kind: (typeof kinds)[number],
  width: number,
  height: number,
  sampling: Coefficients["sampling"],
  seed: number,
): Coefficients {
  if (kind === "photograph") return photographLike(width, height, sampling, seed);
  const next = random(seed);
  const { columns, rows, blocks } = mcuCount({ width, height, sampling });
  const density = { sparse: 0.01, large: 0.9, small: 0.5 }[kind];
  return {
    width,
    height,
    sampling,
    blocks: Array.from({ length: columns * rows * blocks }, () => {
      const block = Int16Array.from({ length: 64 }, () => {
        if (next() >= density) return 0;
        const sign = next() < 0.5 ? -1 : 1;
        return sign * (kind === "small" ? 1 + Math.floor(next() * 3) : 40 + Math.floor(next() * 900));
      });
      block[0] = (next() - 0.5) * 2000;
      return block;
    }),
  };
}

describe("coefficients that are read and written in other scans", () => {
  test("are the same for another reader, whatever the scans, sampling, size and restart interval", () => {
    fc.assert(
      fc.property(
        choice,
        fc.constantFrom(...kinds),
        fc.constantFrom(...SAMPLINGS.map(([, sampling]) => sampling)),
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 70 }),
        fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 })),
        fc.nat(1e6),
        (script, kind, sampling, width, height, restartInterval, seed) => {
          const jpeg = writeJpeg(picture(kind, width, height, sampling, seed), { extra: JFIF });
          const scans = progressiveScript(sampling.length, script);
          const written = inOtherScans(kernel, jpeg, scans, { restartInterval });
          const expected = blocksOf(jpeg);
          expect(blocksOf(written)).toEqual(expected);
          // And once more through the reader under test.
          const back = inOtherScans(kernel, written, apart(sampling.length), { progressive: false });
          expect(blocksOf(back)).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("of more empty blocks than one run can count are the same", async () => {
    const size = { width: 8 * 400, height: 8 * 180 };
    const blocks = Array.from({ length: 72_000 }, (_, i) => {
      const block = new Int16Array(64);
      if (i === 40_000 || i === 71_000) block[9] = 5;
      return block;
    });
    const jpeg = writeJpeg({ ...size, sampling: [[1, 1]], blocks });
    const script = { interleaved: true, dcLow: 0, bands: [{ cuts: [], low: 1 }] };
    const written = inOtherScans(kernel, jpeg, progressiveScript(1, script));
    const [before, after] = await Promise.all(
      [jpeg, written].map((each) => sharp(each, { failOn: "warning" }).raw().toBuffer()),
    );
    expect(before!.equals(after!)).toBe(true);
  });
});

describe("a mark through all coefficients", () => {
  test.each(SAMPLINGS.filter(([, sampling]) => sampling.length < 4))(
    "gives %s the coefficients that the splice gives it, in any scans",
    (_, sampling) => {
      const jpeg = writeJpeg(photographLike(203, 131, sampling, 5), { extra: JFIF });
      const color = sampling.length === 1 ? [250] : [250, 30, 90];
      const tiles = [disc(20, 30, 60, color), disc(150, 80, 70, color)];
      const header = readScanHeader(jpeg);
      if (!header.exact) throw new Error(header.reason);
      const spliced = spliceMark(splice, jpeg, header, tiles);
      if (!spliced.exact) throw new Error(spliced.reason);
      const expected = blocksOf(spliced.bytes);
      const script = progressiveScript(sampling.length, {
        interleaved: true,
        dcLow: 1,
        bands: sampling.map(() => ({ cuts: [5], low: 2 })),
      });
      expect(blocksOf(marked(jpeg, tiles))).toEqual(expected);
      expect(blocksOf(marked(inOtherScans(kernel, jpeg, script), tiles))).toEqual(expected);
      const sequential = inOtherScans(kernel, jpeg, apart(sampling.length), { progressive: false });
      expect(blocksOf(marked(sequential, tiles))).toEqual(expected);
    },
  );

  test("keeps every segment byte for byte, between scans, too, but Huffman tables", () => {
    const [, sampling] = SAMPLINGS[4]!;
    const comment = [0xff, 0xfe, 0, 5, 1, 2, 3];
    const jpeg = inOtherScans(
      kernel,
      writeJpeg(photographLike(120, 90, sampling, 2), { extra: JFIF }),
      progressiveScript(3, { interleaved: true, dcLow: 1, bands: Array(3).fill({ cuts: [6], low: 1 }) }),
      { restartInterval: 3, between: comment },
    );
    const after = marked(jpeg, [disc(10, 10, 40, [255, 255, 255])]);
    expect(segments(after)).toEqual(segments(jpeg));
    expect(segments(after).filter(([marker]) => marker === 0xfe)).toHaveLength(11);
  });

  test("leaves a multi-picture index out, with the pictures behind the end", () => {
    const index = [0xff, 0xe2, 0, 10, ...new TextEncoder().encode("MPF\0"), 1, 2, 3, 4];
    const plain = writeJpeg(photographLike(64, 64, [[1, 1]], 3));
    const jpeg = Uint8Array.from([...plain.subarray(0, 2), ...index, ...plain.subarray(2), 0xff, 0xd8, 9, 9]);
    const tiles = [disc(10, 10, 30, [255])];
    expect(marked(jpeg, tiles)).toEqual(marked(plain, tiles));
    const trailed = marked(Uint8Array.from([...plain, 7, 7, 7]), tiles);
    expect([...trailed.subarray(-3)]).toEqual([7, 7, 7]);
  });

  test("makes Huffman-coded files of arithmetic-coded ones", async () => {
    const folder = new URL("../../../test/fixtures/pictures/coded/", import.meta.url);
    for (const [name, marker] of [
      ["arithmetic-444.jpg", 0xc1],
      ["arithmetic-progressive-420-restart.jpg", 0xc2],
    ] as const) {
      const jpeg = new Uint8Array(await readFile(new URL(name, folder)));
      const after = marked(jpeg, [disc(20, 20, 40, [255, 255, 255])]);
      expect(segments(after).find(([each]) => each >= 0xc0 && each <= 0xcf)?.[0]).toBe(marker);
      expect(blocksOf(marked(jpeg, [disc(400, 400, 8, [255, 255, 255])]))).toEqual(blocksOf(jpeg));
    }
  });
});

describe("a JPEG is left to the decoder", () => {
  const tiles = [disc(10, 10, 30, [255])];
  const base = () => writeJpeg(photographLike(64, 64, [[1, 1]], 3));
  const script = { interleaved: true, dcLow: 0, bands: [{ cuts: [], low: 0 }] };

  test.each<[string, () => Uint8Array, string]>([
    [
      "that does not tell all bits of its coefficients",
      () => inOtherScans(kernel, base(), progressiveScript(1, { ...script, dcLow: 1 }).slice(0, 2)),
      "scans",
    ],
    [
      "that has AC values before DC values",
      () => inOtherScans(kernel, base(), progressiveScript(1, script).reverse()),
      "scans",
    ],
    [
      "that tells the same coefficients twice",
      () => inOtherScans(kernel, base(), [...progressiveScript(1, script), ...progressiveScript(1, script)]),
      "scans",
    ],
    ["that has more than 100 scans", () => manyScans(), "scans"],
    ["whose coefficients would take too much memory", () => claiming(40_000, 40_000), "memory"],
    ["of 12 bits", () => patched(base(), 0xc0, 4, 12), "samples"],
    ["that is lossless", () => patched(base(), 0xc0, 1, 0xc3), "process"],
    ["that ends early", () => base().subarray(0, 900), "structure"],
  ])("%s", (_, make, reason) => {
    expect(markCoefficients(kernel, make(), tiles)).toEqual({ exact: false, reason });
  });

  test("whose mark covers more than a quarter of it, where it is large", () => {
    const jpeg = writeJpeg(photographLike(8 * 80, 8 * 80, [[1, 1]], 3));
    expect(markCoefficients(kernel, jpeg, [disc(0, 0, 640, [255])])).toEqual({
      exact: false,
      reason: "area",
    });
  });

  function manyScans(): Uint8Array {
    const scans = Array.from({ length: 63 }, (_, i) => ({ first: i + 1, last: i + 1 }));
    const bands = (high: number, low: number) =>
      scans.map((each) => ({ components: [0], ...each, high, low }));
    const dc = { components: [0], first: 0, last: 0, high: 0, low: 0 };
    return inOtherScans(kernel, base(), [dc, ...bands(0, 1), ...bands(1, 0)]);
  }

  function claiming(width: number, height: number): Uint8Array {
    const jpeg = base();
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    jpeg.set([height >> 8, height & 255, width >> 8, width & 255], frame + 5);
    return jpeg;
  }

  function patched(jpeg: Uint8Array, marker: number, offset: number, value: number): Uint8Array {
    jpeg[jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === marker) + offset] = value;
    return jpeg;
  }
});

/** All but Huffman tables and entropy-coded data. */
function segments(jpeg: Uint8Array): [marker: number, payload: string][] {
  const found: [number, string][] = [];
  for (let at = 2; at < jpeg.length; ) {
    const segment = segmentAt(jpeg, at);
    if (!segment) {
      at++;
      continue;
    }
    if (segment.marker >= 0xc0 && segment.marker !== 0xc4 && (segment.marker & 0xf8) !== 0xd0)
      found.push([segment.marker, Buffer.from(segment.payload).toString("hex")]);
    at = segment.marker >= 0xc0 && (segment.marker & 0xf8) !== 0xd0 ? segment.end : at + 1;
  }
  return found;
}

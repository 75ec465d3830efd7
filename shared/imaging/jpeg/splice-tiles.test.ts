import { beforeAll, describe, expect, test } from "vitest";
import { BLEND_MODES } from "#contracts/mark-operator.ts";
import {
  acSymbols,
  type Coefficients,
  mcuCount,
  readCoefficients,
  samplesOf,
  tightTable,
  type WriteOptions,
  writeJpeg,
} from "../../../test/fixtures/pictures/jpeg-coefficients.ts";
import {
  adobe,
  JFIF,
  photographLike,
  random,
  SAMPLINGS,
} from "../../../test/fixtures/pictures/jpeg-pictures.ts";
import { blendChannel } from "../blend-modes.ts";
import type { InkTile } from "../overlay.ts";
import { JpegKernel } from "../wasm/jpeg-kernel.ts";
import { readScanHeader } from "./scan-header.ts";
import { type SpliceOptions, spliceMark } from "./splice-mark.ts";
import { boxesOfRuns, touchedRuns } from "./touched-mcus.ts";

let kernel: JpegKernel;
beforeAll(async () => {
  kernel = await JpegKernel.load();
});

function splice(bytes: Uint8Array, tiles: readonly InkTile[], options?: SpliceOptions) {
  const header = readScanHeader(bytes);
  if (!header.exact) throw new Error(header.reason);
  const result = spliceMark(kernel, bytes, header, tiles, options);
  if (!result.exact) throw new Error(result.reason);
  return { ...result, header };
}

const SINGLE = (count: number) => Array.from({ length: count }, () => [1, 1] as const);

/** Blocks whose samples lie well within 0 and 255, so that no blend is cut off. */
function calm(width: number, height: number, components: number, seed: number): Coefficients {
  const next = random(seed);
  const sampling = SINGLE(components);
  const { columns, rows, blocks } = mcuCount({ width, height, sampling });
  const all = Array.from({ length: columns * rows * blocks }, () => {
    const block = new Int16Array(64);
    block[0] = (next() - 0.5) * 100;
    for (let k = 1; k < 10; k++) block[k] = (next() - 0.5) * 8;
    return block;
  });
  return { width, height, sampling, blocks: all };
}

const LUMINANCE = [0.299, 0.587, 0.114] as const;

/** A pixel's colour as light, 0 to 1, and back; written down once more, by the definitions. */
const CODINGS = {
  grey: { extra: JFIF, channels: 1, toLight: (s: number[]) => s, toSamples: (light: number[]) => light },
  rgb: { extra: adobe(0), channels: 3, toLight: (s: number[]) => s, toSamples: (light: number[]) => light },
  ycc: { extra: JFIF, channels: 3, toLight: rgbOf, toSamples: yccOf },
  cmyk: { extra: adobe(0), channels: 4, toLight: (s: number[]) => s, toSamples: (light: number[]) => light },
  ycck: {
    extra: adobe(2),
    channels: 4,
    toLight: (s: number[]) => [...rgbOf(s).map((ink) => 255 - ink), s[3]!],
    toSamples: (light: number[]) => [...yccOf(light.map((each) => 255 - each)), light[3]!],
  },
} as const;

function rgbOf([y, cb, cr]: number[]): number[] {
  const [red, blue] = [y! + 1.402 * (cr! - 128), y! + 1.772 * (cb! - 128)];
  return [red, (y! - LUMINANCE[0] * red - LUMINANCE[2] * blue) / LUMINANCE[1], blue];
}

function yccOf([red, green, blue]: number[]): number[] {
  const y = LUMINANCE[0] * red! + LUMINANCE[1] * green! + LUMINANCE[2] * blue!;
  return [y, 128 + (blue! - y) / 1.772, 128 + (red! - y) / 1.402];
}

function tileOf(channels: 1 | 3 | 4, blend: InkTile["blend"], box: Pick<InkTile, "left" | "top">): InkTile {
  const next = random(channels * 7 + box.left);
  const [width, height] = [14, 11];
  const alpha = Uint8Array.from({ length: width * height }, () => next() * 255);
  const colors = Uint8Array.from({ length: width * height * channels }, () => 40 + next() * 180);
  return { ...box, width, height, channels, alpha, colors, blend };
}

const WHOLE = { width: 24, height: 24 };
const OPTIONS: readonly [string, WriteOptions][] = [
  ["", { steps: 2 }],
  [", extended sequential with steps of 16 bits", { steps: 300, wideSteps: true, frame: 0xc1 }],
];

describe("tiles with colours of their own, one upon the other", () => {
  for (const [name, { extra, channels, toLight, toSamples }] of Object.entries(CODINGS))
    for (const blend of BLEND_MODES)
      test.each(OPTIONS)(`${name}, ${blend}%s: the samples are the blend, but for rounding`, (_, options) => {
        const steps = options.steps!;
        const calmer = calm(WHOLE.width, WHOLE.height, channels, channels + steps);
        // Wide steps would carry these out of range.
        if (steps > 2)
          for (const block of calmer.blocks)
            for (let k = 0; k < 64; k++) block[k] = Math.sign(block[k]!) * Number(k < 2);
        const tiles = [
          tileOf(channels, blend, { left: 2, top: 3 }),
          tileOf(channels, "normal", { left: 9, top: 10 }),
          tileOf(channels, blend, { left: 7, top: 5 }),
        ];
        const bytes = writeJpeg(calmer, { ...options, extra });
        const after = readCoefficients(splice(bytes, tiles).bytes);
        const blocks = (from: Coefficients) => from.blocks.map((block) => samplesOf(block, steps));
        const [was, is] = [blocks(calmer), blocks(after)];
        const errors = new Float64Array(was.length);
        for (let y = 0; y < 24; y++)
          for (let x = 0; x < 24; x++) {
            const mcu = Math.floor(y / 8) * 3 + Math.floor(x / 8);
            const at = (y & 7) * 8 + (x & 7);
            const light = toLight(Array.from({ length: channels }, (_, c) => was[mcu * channels + c]![at]!));
            for (const tile of tiles) {
              const [column, row] = [x - tile.left, y - tile.top];
              if (column < 0 || row < 0 || column >= tile.width || row >= tile.height) continue;
              const inTile = row * tile.width + column;
              const part = tile.alpha[inTile]! / 255;
              for (let c = 0; c < channels; c++) {
                const ink = tile.colors[inTile * channels + c]!;
                const source = (channels === 4 ? 255 - ink : ink) / 255;
                const blended = 255 * blendChannel(tile.blend, light[c]! / 255, source);
                light[c] = light[c]! * (1 - part) + blended * part;
              }
            }
            for (const [c, sample] of toSamples(light).entries())
              errors[mcu * channels + c]! += (is[mcu * channels + c]![at]! - sample) ** 2;
          }
        // Rounding is half a step at most in each of 64 coefficients, and the transform keeps squares (Parseval).
        for (const error of errors) expect(Math.sqrt(error)).toBeLessThanOrEqual((steps / 2) * 8 + 0.05);
        if (steps === 2) expect(is).not.toEqual(was);
      });
});

const PLAIN: Omit<InkTile, "width" | "height" | "alpha" | "left" | "top"> = {
  channels: 3,
  colors: [250, 240, 230],
  blend: "normal",
};
const full = (width: number, height: number) => new Uint8Array(width * height).fill(120);

describe("spliceMark", () => {
  test("says which pixels the touched MCUs have", () => {
    const bytes = writeJpeg(photographLike(100, 70, SAMPLINGS[4]![1], 1), { extra: JFIF });
    const tile = { ...PLAIN, left: 40, top: 10, width: 30, height: 30, alpha: full(30, 30) };
    const { touchedRegion, touchedMcus, header } = splice(bytes, [tile]);
    expect(touchedRegion).toEqual([{ left: 32, top: 0, width: 48, height: 48 }]);
    expect(touchedMcus).toBe(9);
    expect(touchedRegion).toEqual(boxesOfRuns(header, touchedRuns(header, [tile])));
  });

  test.each([0, 1, 3, 7, 13])(
    "a mark over all rows, restart interval %d: DC values stay right behind it",
    (restartInterval) => {
      const before = photographLike(112, 80, SAMPLINGS[4]![1], 6);
      const options = { extra: JFIF, restartInterval };
      const tile = { ...PLAIN, left: 0, top: 16, width: 112, height: 40, alpha: full(112, 40) };
      const after = readCoefficients(splice(writeJpeg(before, options), [tile]).bytes);
      const perRow = 7 * 6;
      let changed = 0;
      for (const [i, block] of before.blocks.entries())
        if (i < perRow || i >= 4 * perRow) expect(after.blocks[i]).toEqual(block);
        else changed += Number(after.blocks[i]![0] !== block[0]);
      expect(changed).toBeGreaterThan(2 * perRow);
    },
  );

  test("a scan of many pieces, with a full table of its own: all coefficients outside are the same", () => {
    const before = photographLike(900, 620, SAMPLINGS[4]![1], 3);
    const bytes = writeJpeg(before, { extra: JFIF, ac: tightTable(acSymbols(before.blocks), 16) });
    expect(bytes.length).toBeGreaterThan(2.5 * 65_536);
    const tile = { ...PLAIN, left: 700, top: 500, width: 100, height: 40, alpha: full(100, 40) };
    const { bytes: spliced, header } = splice(bytes, [tile]);
    const after = readCoefficients(spliced);
    let changed = 0;
    for (const [i, block] of before.blocks.entries()) {
      const mcu = Math.floor(i / 6);
      const [x, y] = [(mcu % header.mcusPerRow) * 16, Math.floor(mcu / header.mcusPerRow) * 16];
      if (x >= 688 && x < 800 && y >= 496 && y < 544) changed++;
      else expect(after.blocks[i]).toEqual(block);
    }
    expect(changed).toBe(7 * 3 * 6);
  });

  test("fill bytes before markers stay, and change nothing else", () => {
    const before = photographLike(80, 64, SAMPLINGS[4]![1], 2);
    const bytes = writeJpeg(before, { extra: JFIF, restartInterval: 3 });
    const tile = { ...PLAIN, left: 30, top: 20, width: 30, height: 20, alpha: full(30, 20) };
    const isMarker = (i: number) => bytes[i] === 255 && i > 1 && bytes[i + 1] !== 0;
    const { header, bytes: expected } = splice(bytes, [tile]);
    const filled = Uint8Array.from(
      [...bytes].flatMap((byte, i) => {
        const isHeads = [0xdb, 0xc0, 0xc4, 0xda, 0xdd].includes(bytes[i + 1]!) && i < header.dataStart;
        return isMarker(i) && (isHeads || i >= header.dataStart) ? [255, 255, byte] : [byte];
      }),
    );
    const fills = filled.length - bytes.length;
    expect(fills).toBeGreaterThan(20);
    const { bytes: spliced } = splice(filled, [tile]);
    expect(spliced.length).toBe(expected.length + fills);
    const without = [...spliced].filter((byte, i) => !(byte === 255 && spliced[i + 1] === 255));
    expect(Uint8Array.from(without)).toEqual(expected);
  });

  test("damage in a restart interval without a mark is refused, or copied where only touched ones are checked", () => {
    const bytes = writeJpeg(photographLike(80, 64, SAMPLINGS[2]![1], 2), {
      extra: JFIF,
      restartInterval: 10,
    });
    const header = readScanHeader(bytes);
    if (!header.exact) throw new Error(header.reason);
    bytes.fill(0xf7, header.dataStart + 20, header.dataStart + 60);
    const tile = { ...PLAIN, left: 30, top: 20, width: 30, height: 20, alpha: full(30, 20) };
    expect(spliceMark(kernel, bytes, header, [tile])).toEqual({ exact: false, reason: "data" });
    const { bytes: spliced } = splice(bytes, [tile], { checks: "touched" });
    const second = Buffer.from(bytes).indexOf(Buffer.of(255, 0xd1));
    expect(spliced.subarray(0, second)).toEqual(bytes.subarray(0, second));
    expect(spliced).not.toEqual(bytes);
  });
});

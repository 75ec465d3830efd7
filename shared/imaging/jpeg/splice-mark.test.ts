import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
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
  JFIF,
  photographLike as picture,
  random,
  SAMPLINGS,
} from "../../../test/fixtures/pictures/jpeg-pictures.ts";
import type { InkTile } from "../overlay.ts";
import { JpegKernel } from "../wasm/jpeg-kernel.ts";
import { readScanHeader } from "./scan-header.ts";
import { spliceMark } from "./splice-mark.ts";

let kernel: JpegKernel;
beforeAll(async () => {
  kernel = await JpegKernel.load();
});

const STEPS = 4;
/** A one behind 0 to 15 zeros. */
const RUNS_OF_ONE = Array.from({ length: 16 }, (_, run) => (run << 4) | 1);

function splice(bytes: Uint8Array, tile: InkTile) {
  const header = readScanHeader(bytes);
  return header.exact ? spliceMark(kernel, bytes, header, [tile]) : header;
}

function tileOn(width: number, height: number, channels: number, seed: number): InkTile {
  const next = random(seed);
  const left = Math.floor(next() * width);
  const top = Math.floor(next() * height);
  const box = {
    left,
    top,
    width: 1 + Math.floor(next() * (width - left)),
    height: 1 + Math.floor(next() * (height - top)),
  };
  const sparse = next();
  const strength = next() * 255;
  const alpha = Uint8Array.from({ length: box.width * box.height }, () =>
    next() < sparse ? 0 : next() * strength,
  );
  return {
    ...box,
    channels: channels as InkTile["channels"],
    alpha,
    colors: Array<number>(channels).fill(250),
    blend: "normal",
  };
}

/** True for the MCUs whose pixels the tile covers. */
function touches(tile: InkTile, of: Coefficients): (mcu: number) => boolean {
  const { columns, h, v } = mcuCount(of);
  const touched = new Set<number>();
  for (const [i, value] of tile.alpha.entries()) {
    if (value === 0) continue;
    const x = tile.left + (i % tile.width);
    const y = tile.top + Math.floor(i / tile.width);
    touched.add(Math.floor(y / (8 * v)) * columns + Math.floor(x / (8 * h)));
  }
  return (mcu) => touched.has(mcu);
}

describe("spliceMark", () => {
  test.each(SAMPLINGS)(
    "%s: all coefficients outside the touched MCUs are the same, whatever the size",
    (_, sampling) => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 90 }),
          fc.integer({ min: 1, max: 90 }),
          fc.constantFrom(0, 0, 1, 4, 7, 20),
          fc.nat(),
          (width, height, restartInterval, seed) => {
            const before = picture(width, height, sampling, seed);
            const options: WriteOptions = { restartInterval, steps: STEPS, extra: JFIF };
            const bytes = writeJpeg(before, options);
            const overlay = tileOn(width, height, sampling.length, seed + 1);
            const result = splice(bytes, overlay);
            if (!result.exact) throw new Error(result.reason);
            const after = readCoefficients(result.bytes);
            const isTouched = touches(overlay, before);
            const perMcu = before.blocks.length / (mcuCount(before).columns * mcuCount(before).rows);
            for (const [i, block] of before.blocks.entries())
              if (!isTouched(Math.floor(i / perMcu))) expect(after.blocks[i]).toEqual(block);
            // Our own coder and the splice agree on every bit: what was not touched was copied, not merely kept alike.
            expect(result.bytes).toEqual(writeJpeg(after, options));
          },
        ),
        { numRuns: 40, seed: 1 },
      );
    },
  );

  test.each([
    ["leave room at their end", 12],
    ["leave no room", 16],
  ])(
    "tables that lack codes and %s: all coefficients outside the touched MCUs are the same",
    (_, longest) => {
      fc.assert(
        fc.property(fc.nat(), fc.constantFrom(0, 1, 5), (seed, restartInterval) => {
          const before = picture(120, 90, SAMPLINGS[seed % SAMPLINGS.length]![1], seed);
          // Few different symbols, so that a mark of high contrast needs others.
          for (const block of before.blocks)
            for (let k = 1; k < 64; k++) block[k] = k % 5 === 0 ? Math.sign(block[k]!) : 0;
          const ac = tightTable([...new Set([...acSymbols(before.blocks), ...RUNS_OF_ONE])], longest);
          expect(ac.findLastIndex((count, length) => length < 16 && count > 0)).toBe(longest - 1);
          const bytes = writeJpeg(before, { restartInterval, steps: STEPS, extra: JFIF, ac });
          const overlay = tileOn(120, 90, before.sampling.length, seed + 1);
          const result = splice(bytes, overlay);
          if (!result.exact) throw new Error(result.reason);
          const after = readCoefficients(result.bytes);
          const isTouched = touches(overlay, before);
          const perMcu = before.blocks.length / (mcuCount(before).columns * mcuCount(before).rows);
          for (const [i, block] of before.blocks.entries())
            if (!isTouched(Math.floor(i / perMcu))) expect(after.blocks[i]).toEqual(block);
          const start = Buffer.from(bytes).indexOf(Buffer.of(0xff, 0xda));
          expect(result.bytes.subarray(0, start)).toEqual(bytes.subarray(0, start));
          expect([...result.bytes.subarray(start, start + 2)]).toEqual([0xff, 0xc4]);
        }),
        { numRuns: 30, seed: 2 },
      );
    },
  );

  test("a touched block is the blend of its samples and the colour, but for the rounding of its coefficients", () => {
    const before = picture(24, 24, [[1, 1]], 5);
    const bytes = writeJpeg(before, { steps: STEPS });
    const alpha = Uint8Array.from({ length: 100 }, (_, i) => (i * 7) % 256);
    const mask = { left: 3, top: 4, width: 10, height: 10 };
    const result = splice(bytes, { ...mask, channels: 1, alpha, colors: [200], blend: "normal" });
    if (!result.exact) throw new Error(result.reason);
    const after = readCoefficients(result.bytes);
    for (const [i, block] of before.blocks.entries()) {
      const [was, is] = [samplesOf(block, STEPS), samplesOf(after.blocks[i]!, STEPS)];
      let error = 0;
      for (let at = 0; at < 64; at++) {
        const x = (i % 3) * 8 + (at & 7) - mask.left;
        const y = Math.floor(i / 3) * 8 + (at >> 3) - mask.top;
        const inside = x >= 0 && x < 10 && y >= 0 && y < 10;
        const part = inside ? alpha[y * 10 + x]! / 255 : 0;
        error += (is[at]! - (was[at]! * (1 - part) + 200 * part)) ** 2;
      }
      // Rounding is half a step at most in each of 64 coefficients, and the transform keeps squares (Parseval).
      expect(Math.sqrt(error)).toBeLessThanOrEqual((STEPS / 2) * 8 + 0.01);
    }
  });

  test("every segment and every byte behind the end marker is copied", () => {
    const before = picture(40, 40, [[1, 1]], 9);
    const comment = [0xff, 0xfe, 0, 5, 1, 2, 3];
    const tail = [1, 2, 255, 217, 3];
    const bytes = Uint8Array.from([...writeJpeg(before, { extra: comment, restartInterval: 2 }), ...tail]);
    const result = splice(bytes, tileOn(40, 40, 1, 3));
    if (!result.exact) throw new Error(result.reason);
    const header = readScanHeader(bytes);
    if (!header.exact) throw new Error(header.reason);
    expect(result.bytes.subarray(0, header.dataStart)).toEqual(bytes.subarray(0, header.dataStart));
    expect([...result.bytes.subarray(-7)]).toEqual([255, 217, ...tail]);
  });

  test("a multi-picture index goes, and the pictures with it", () => {
    const index = [0xff, 0xe2, 0, 8, 0x4d, 0x50, 0x46, 0, 9, 9];
    const before = picture(40, 40, [[1, 1]], 9);
    const plain = writeJpeg(before);
    const bytes = Uint8Array.from([...writeJpeg(before, { extra: index }), ...plain]);
    const overlay = tileOn(40, 40, 1, 3);
    const [result, expected] = [splice(bytes, overlay), splice(plain, overlay)];
    expect(result).toEqual(expected);
  });

  test("restart intervals that the mark does not touch are copied as they are, odd filling and all", () => {
    const before = picture(64, 8, [[1, 1]], 2);
    const bytes = writeJpeg(before, { restartInterval: 1 });
    const box = { left: 60, top: 2, width: 1, height: 1 };
    const header = readScanHeader(bytes);
    const result = splice(bytes, {
      ...box,
      channels: 1,
      alpha: Uint8Array.of(255),
      colors: [0],
      blend: "normal",
    });
    if (!result.exact || !header.exact) throw new Error("not exact");
    const lastRestart = Buffer.from(bytes).lastIndexOf(Buffer.of(0xff, 0xd6));
    expect(result.bytes.subarray(0, lastRestart + 2)).toEqual(bytes.subarray(0, lastRestart + 2));
    expect(result.bytes).not.toEqual(bytes);
  });
});

const refused: [string, (bytes: Uint8Array) => Uint8Array, string][] = [
  ["a progressive frame", (bytes) => with_(bytes, [0xff, 0xc0], 1, 0xc2), "progressive"],
  ["an arithmetic frame", (bytes) => with_(bytes, [0xff, 0xc0], 1, 0xc9), "arithmetic"],
  ["a lossless frame", (bytes) => with_(bytes, [0xff, 0xc0], 1, 0xc3), "process"],
  ["12 bits", (bytes) => with_(bytes, [0xff, 0xc0], 4, 12), "samples"],
  [
    "a height that comes later",
    (bytes) => with_(with_(bytes, [0xff, 0xc0], 5, 0), [0xff, 0xc0], 6, 0),
    "height",
  ],
  ["a quantisation step of 0", (bytes) => with_(bytes, [0xff, 0xdb], 9, 0), "tables"],
  ["a table that is not there", (bytes) => with_(bytes, [0xff, 0xda], 6, 0x11), "tables"],
  ["a code too many", (bytes) => with_(bytes, [0xff, 0xc4], 5, 3), "tables"],
  ["no end marker", (bytes) => bytes.subarray(0, -2), "structure"],
  ["half the data", (bytes) => bytes.subarray(0, -200), "structure"],
  ["an early end", (bytes) => Uint8Array.from([...bytes.subarray(0, -200), 255, 217]), "data"],
  ["bytes too many", (bytes) => Uint8Array.from([...bytes.subarray(0, -2), 1, 2, 255, 217]), "data"],
  ["a restart marker out of turn", (bytes) => with_(bytes, [0xff, 0xd0], 1, 0xd3), "data"],
  ["a second scan", (bytes) => Uint8Array.from([...bytes.subarray(0, -2), 0xff, 0xda, 0, 2]), "scans"],
  [
    "a height that comes after the scan",
    (bytes) => Uint8Array.from([...bytes.subarray(0, -2), 0xff, 0xdc, 0, 4, 0, 80, 255, 217]),
    "height",
  ],
  ["a scan of half the coefficients", (bytes) => with_(bytes, [0xff, 0xda], 8, 31), "scans"],
  ["fill bytes before a stuffed zero", (bytes) => withFill(bytes, 0), "structure"],
];

function with_(bytes: Uint8Array, pattern: readonly number[], offset: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[Buffer.from(bytes).indexOf(Buffer.from(pattern)) + offset] = value;
  return copy;
}

/** Two fill bytes and `marker` in the midst of the data. */
function withFill(bytes: Uint8Array, marker: number): Uint8Array {
  const at = Buffer.from(bytes).indexOf(Buffer.of(0xff, 0xd0)) - 3;
  return Uint8Array.from([...bytes.subarray(0, at), 255, 255, 255, marker, ...bytes.subarray(at)]);
}

describe("what cannot be spliced", () => {
  test.each(refused)("%s: %#", (_, spoil, reason) => {
    const bytes = writeJpeg(picture(80, 80, [[1, 1]], 4), { restartInterval: 10 });
    expect(splice(spoil(bytes), tileOn(80, 80, 1, 5))).toEqual({ exact: false, reason });
  });

  test("a mark over most of a large picture is left to the decoder", () => {
    const size = { width: 600, height: 520, sampling: [[1, 1]] as const };
    const blocks = Array.from({ length: 75 * 65 }, () => new Int16Array(64));
    const alpha = new Uint8Array(600 * 520).fill(9);
    const box = { left: 0, top: 0, width: 600, height: 520 };
    const tile: InkTile = { ...box, channels: 1, alpha, colors: [0], blend: "normal" };
    expect(splice(writeJpeg({ ...size, blocks }), tile)).toEqual({
      exact: false,
      reason: "area",
    });
  });

  test("damage far from the mark is noticed, or decodes to the end without a contradiction", () => {
    const before = picture(
      64,
      64,
      [
        [2, 2],
        [1, 1],
        [1, 1],
      ],
      8,
    );
    const bytes = writeJpeg(before, { extra: JFIF });
    const start = Buffer.from(bytes).indexOf(Buffer.of(0xff, 0xda)) + 14;
    const next = random(77);
    let refusals = 0;
    for (let i = 0; i < 3000; i++) {
      const copy = Uint8Array.from(bytes);
      for (let hits = 1 + Math.floor(next() * 3); hits > 0; hits--) {
        const at =
          i % 4 === 0 ? Math.floor(next() * copy.length) : start + Math.floor(next() * (copy.length - start));
        copy[at] = next() * 256;
      }
      const result = splice(
        i % 7 === 0 ? copy.subarray(0, next() * copy.length) : copy,
        tileOn(64, 64, 3, i),
      );
      if (!result.exact) refusals++;
      else readCoefficients(result.bytes);
    }
    expect(refusals).toBeGreaterThan(1500);
  });

  test("rubbish in the kernel's reach ends", () => {
    const next = random(3);
    const head = writeJpeg(picture(8, 8, [[1, 1]], 1));
    const start = Buffer.from(head).indexOf(Buffer.of(0xff, 0xda)) + 10;
    const huge = with_(with_(head, [0xff, 0xc0], 5, 255), [0xff, 0xc0], 7, 255);
    const data = Uint8Array.from({ length: 200_000 }, () => next() * 255);
    const bytes = Uint8Array.from([...huge.subarray(0, start), ...data, 255, 217]);
    expect(splice(bytes, tileOn(8, 8, 1, 1))).toEqual({ exact: false, reason: "data" });
  });
});

import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BlockDigest, hex } from "./block-digest.ts";
import { countPixels, differingBoxes, digestPixels, measurePixels } from "./compare-pixels.ts";
import type { DecodedPicture } from "./decoded-picture.ts";

const sha256 = (bytes: Uint8Array) => hash("sha256", bytes, "buffer");

/** Frames of 40 × 20 pixels, one above the other. */
function picture(samples: Uint8Array | Uint16Array, frames = 1, channels = 3): DecodedPicture {
  return {
    format: "png",
    lossless: true,
    width: 40,
    height: 20,
    frames,
    bits: samples instanceof Uint16Array ? 16 : 8,
    space: "rgb",
    pages: [{ width: 40, height: 20 * frames, channels, samples }],
    metadata: new Map(),
  };
}

const LENGTH = 40 * 40 * 3;
const touched = [[{ left: 8, top: 4, width: 10, height: 6 }]];
const isTouched = (pixel: number) => {
  const [x, y] = [pixel % 40, Math.floor(pixel / 40) % 20];
  return x >= 8 && x < 18 && y >= 4 && y < 10;
};

describe("pixels outside the touched region, in each frame", () => {
  test("are counted", () => {
    expect(countPixels(picture(new Uint8Array(LENGTH), 2), touched)).toEqual({
      compared: 1480,
      leftOut: 120,
    });
  });

  test("are found where they differ, however little, and nowhere else", () => {
    fc.assert(
      fc.property(fc.nat(LENGTH - 1), (at) => {
        const other = new Uint8Array(LENGTH);
        other[at] = 1;
        const [boxes] = differingBoxes(picture(new Uint8Array(LENGTH), 2), picture(other, 2), touched);
        const pixel = Math.floor(at / 3);
        const [x, y] = [pixel % 40, Math.floor(pixel / 40) % 20];
        if (isTouched(pixel)) expect(boxes).toEqual([]);
        else {
          const [box] = boxes!;
          expect(boxes).toHaveLength(1);
          expect(x >= box!.left && x < box!.left + box!.width).toBe(true);
          expect(y >= box!.top && y < box!.top + box!.height).toBe(true);
        }
      }),
    );
  });

  test("are all in the digest, and the touched ones are not", async () => {
    const base = Uint8Array.from({ length: LENGTH }, (_, i) => (i * 7) & 255);
    const { root } = await digestPixels(picture(base, 2), touched, sha256);
    await fc.assert(
      fc.asyncProperty(fc.nat(LENGTH - 1), async (at) => {
        const other = Uint8Array.from(base);
        other[at]! ^= 4;
        const changed = await digestPixels(picture(other, 2), touched, sha256);
        expect(changed.root === root).toBe(isTouched(Math.floor(at / 3)));
      }),
    );
  });

  test("are measured as a plain sum would", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(LENGTH / 2 - 1), fc.nat(255)), { maxLength: 40 }), (changes) => {
        const other = new Uint8Array(LENGTH / 2);
        for (const [at, value] of changes) other[at] = value;
        const { channels } = measurePixels(picture(new Uint8Array(LENGTH / 2)), picture(other), touched);
        for (const [channel, found] of channels.entries()) {
          const own = [...other].filter((_, i) => i % 3 === channel && !isTouched(Math.floor(i / 3)));
          expect(found.max).toBe(Math.max(...own));
          expect(found.mean).toBeCloseTo(own.reduce((sum, each) => sum + each, 0) / own.length, 3);
          expect(found.tile).toBeGreaterThanOrEqual(found.mean / 2);
        }
      }),
    );
  });

  test("of 16 bits are measured in parts of 255", () => {
    const other = new Uint16Array(LENGTH / 2).fill(257);
    const found = measurePixels(picture(new Uint16Array(LENGTH / 2)), picture(other), []);
    expect(found.channels[0]).toEqual({ max: 1, mean: 1, tile: 1 });
    expect(found.psnr).toBeCloseTo(48.13, 2);
  });

  test("that are equal have no PSNR", () => {
    const same = picture(new Uint8Array(LENGTH / 2));
    expect(measurePixels(same, same, [])).toMatchObject({ psnr: null, channels: [{ max: 0 }, {}, {}] });
  });
});

test("a stream's digests do not depend on the pieces it comes in", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(90_000), { maxLength: 6 }), async (sizes) => {
      const whole = Uint8Array.from({ length: sizes.reduce((a, b) => a + b, 0) }, (_, i) => (i * 31) >> 3);
      const digest = new BlockDigest(sha256);
      let at = 0;
      for (const size of sizes) {
        digest.append(whole.subarray(at, at + size));
        at += size;
      }
      const blocks = [];
      for (let from = 0; from === 0 || from < whole.length; from += 65_536)
        blocks.push(sha256(whole.subarray(from, from + 65_536)));
      expect(await digest.finish()).toEqual({
        algorithm: "sha256",
        blockBytes: 65_536,
        bytes: whole.length,
        count: blocks.length,
        root: hex(sha256(Buffer.concat(blocks))),
        blocks: blocks.map((block) => hex(block.subarray(0, 8))),
      });
    }),
    { numRuns: 20 },
  );
});

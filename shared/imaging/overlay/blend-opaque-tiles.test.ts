import fc from "fast-check";
import { expect, test } from "vitest";
import { BLEND_MODES } from "#contracts/mark-operator.ts";
import { blendTiles } from "../blend.ts";
import { blendOpaqueTiles } from "./blend-opaque-tiles.ts";
import { withOpacity } from "./cell.ts";
import type { OpaqueTile } from "./scaled-overlay.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const tile = (width: number, height: number): fc.Arbitrary<OpaqueTile> =>
  fc
    .record({ w: fc.integer({ min: 1, max: width }), h: fc.integer({ min: 1, max: height }) })
    .chain(({ w, h }) =>
      fc.record({
        left: fc.integer({ min: 0, max: width - w }),
        top: fc.integer({ min: 0, max: height - h }),
        cell: bytes(w * h * 4).map((rgba) => ({ width: w, height: h, rgba })),
        opacity: fc.double({ min: 0, max: 1, noNaN: true }),
        blend: fc.constantFrom(...BLEND_MODES),
      }),
    );
const SIZE = { width: 7, height: 5 };
const picture = fc.tuple(bytes(SIZE.width * SIZE.height * 4), fc.boolean()).map(([samples, opaque]) => {
  if (opaque) for (let at = 3; at < samples.length; at += 4) samples[at] = 255;
  return samples;
});
const tiles = fc.array(tile(SIZE.width, SIZE.height), { maxLength: 4 });

/** The same by what workers use. */
function reference(samples: Uint8Array, all: readonly OpaqueTile[]): Uint8Array {
  const result = samples.slice();
  const ink = all.map(({ left, top, cell, opacity, blend }) => {
    const { width, height, rgba } = withOpacity(cell, opacity);
    return {
      left,
      top,
      width,
      height,
      blend,
      channels: 3 as const,
      alpha: rgba.filter((_, at) => at % 4 === 3),
      colors: rgba.filter((_, at) => at % 4 !== 3),
    };
  });
  blendTiles({ ...SIZE, channels: 4, hasAlpha: true, samples: result }, ink);
  return result;
}

test("tiles lie on a picture as a worker lays them", () => {
  fc.assert(
    fc.property(picture, tiles, (samples, all) => {
      const ours = samples.slice();
      blendOpaqueTiles(ours, { left: 0, top: 0, ...SIZE }, all);
      expect(ours).toEqual(reference(samples, all));
    }),
  );
});

test("a region has the pixels that the whole picture has there", () => {
  const region = { left: 2, top: 1, width: 4, height: 3 };
  const cut = (samples: Uint8Array) =>
    Uint8Array.from({ length: region.width * region.height * 4 }, (_, at) => {
      const [pixel, channel] = [at >> 2, at & 3];
      const x = region.left + (pixel % region.width);
      const y = region.top + Math.floor(pixel / region.width);
      return samples[(y * SIZE.width + x) * 4 + channel]!;
    });
  fc.assert(
    fc.property(picture, tiles, (samples, all) => {
      const ours = cut(samples);
      blendOpaqueTiles(ours, region, all);
      expect(ours).toEqual(cut(reference(samples, all)));
    }),
  );
});

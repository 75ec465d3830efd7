import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANCHORS, DEFAULT_MARK, type MarkSpec } from "#contracts/mark-spec.ts";
import { silentLogger } from "#kernel/logger.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import type { ImageMarker } from "../../server/services/ports/image-marker.ts";
import { photo, SIZE } from "../fixtures/pictures/pictures.ts";

const mark: MarkSpec = { ...DEFAULT_MARK, text: "F1", size: 0.25, opacity: 1 };

let marker: ImageMarker;
beforeAll(() => {
  marker = createImageMarker({ threads: 2, memoryBudgetBytes: 1e9, logger: silentLogger });
});
afterAll(() => marker.close());

/** The picture as a viewer shows it. */
async function upright(bytes: Uint8Array) {
  return await sharp(bytes).autoOrient().raw().toBuffer({ resolveWithObject: true });
}

/** Where the picture has changed, as parts of the upright width and height. */
async function changedCentre(before: Uint8Array, after: Uint8Array): Promise<[number, number]> {
  const [a, b] = [await upright(before), await upright(after)];
  expect([b.info.width, b.info.height]).toEqual([a.info.width, a.info.height]);
  let [count, sumX, sumY] = [0, 0, 0];
  for (let pixel = 0; pixel < a.info.width * a.info.height; pixel++) {
    if (Math.abs(a.data[pixel * a.info.channels]! - b.data[pixel * a.info.channels]!) < 60) continue;
    count++;
    sumX += pixel % a.info.width;
    sumY += Math.floor(pixel / a.info.width);
  }
  expect(count).toBeGreaterThan(50);
  return [sumX / count / a.info.width, sumY / count / a.info.height];
}

describe("EXIF orientation", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "%i: the mark stands upright in the corner that people see, the tag is kept",
    async (orientation) => {
      for (const format of ["jpeg", "tiff"] as const) {
        const options = format === "tiff" ? { compression: "lzw" as const } : {};
        const source = await photo().withMetadata({ orientation })[format](options).toBuffer();
        const { body, width, height } = await marker.mark(source, { mark });
        expect((await sharp(body).metadata()).orientation).toBe(orientation);
        expect({ width, height }).toEqual(SIZE);
        const [x, y] = await changedCentre(source, body);
        expect(x).toBeGreaterThan(0.7);
        expect(y).toBeGreaterThan(0.7);
      }
    },
  );

  test("the mark is the same, pixel for pixel, whichever way the camera was held", async () => {
    const reference = await photo().png().toBuffer();
    const expected = await upright((await marker.mark(reference, { mark })).body);
    for (const [orientation, turn] of [
      [3, 180],
      [6, 270],
      [8, 90],
    ] as const) {
      const held = await sharp(reference).rotate(turn).withMetadata({ orientation }).png().toBuffer();
      expect((await upright((await marker.mark(held, { mark })).body)).data.equals(expected.data)).toBe(true);
    }
  });
});

describe("position", () => {
  test.each(ANCHORS)("%s", async (position) => {
    const source = await photo().png().toBuffer();
    const { body } = await marker.mark(source, { mark: { ...mark, position } });
    const [x, y] = await changedCentre(source, body);
    const third = (part: number) => Math.floor(part * 3);
    expect(third(x)).toBe(position.endsWith("left") ? 0 : position.endsWith("right") ? 2 : 1);
    expect(third(y)).toBe(position.startsWith("top") ? 0 : position.startsWith("bottom") ? 2 : 1);
  });
});

import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK, type MarkSpec } from "#contracts/mark-spec.ts";
import type { Pixels } from "#imaging/blend.ts";
import { readScanHeader } from "#imaging/jpeg/scan-header.ts";
import { resolvedOfSpec } from "#imaging/resolved-of-spec.ts";
import { decodePixels } from "../../server/adapters/imaging/decode-pixels.ts";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { JpegSplicer } from "../../server/adapters/imaging/jpeg-splicer.ts";
import { type MarkTools, markPicture } from "../../server/adapters/imaging/mark-picture.ts";
import { readCoefficients, writeJpeg } from "../fixtures/pictures/jpeg-coefficients.ts";
import { photo, type Size } from "../fixtures/pictures/pictures.ts";
import { loadMarkTools, textTiles } from "../support/mark-tools.ts";

const LIMIT = 1e9;
const mark: MarkSpec = { ...DEFAULT_MARK, text: "© Exact", size: 0.2, opacity: 0.7, color: "#e0b040" };
/** What smoothing between chrominance samples carries over the border of a touched MCU. */
const NEIGHBOURHOOD = 2;

let tools: MarkTools;
const splicer = new JpegSplicer();
beforeAll(async () => {
  tools = await loadMarkTools();
});

const jpeg = { quality: 92, optimiseCoding: false } as const;
const odd: Size = { width: 203, height: 131 };
const without = (bytes: Buffer, marker: number) => {
  const at = bytes.indexOf(Buffer.of(0xff, marker));
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 2 + bytes.readUInt16BE(at + 2))]);
};

const pictures: [string, () => Promise<Uint8Array>][] = [
  [
    "4:4:4",
    () =>
      photo(odd)
        .jpeg({ ...jpeg, chromaSubsampling: "4:4:4" })
        .toBuffer(),
  ],
  [
    "4:2:0",
    () =>
      photo(odd)
        .jpeg({ ...jpeg, chromaSubsampling: "4:2:0" })
        .toBuffer(),
  ],
  ["4:2:0 with restart markers", async () => restarted(await photo(odd).jpeg(jpeg).toBuffer(), 3)],
  ["tables made for the picture", () => photo(odd).jpeg({ quality: 80, optimiseCoding: true }).toBuffer()],
  ["grey", () => photo(odd, 1).toColourspace("b-w").jpeg(jpeg).toBuffer()],
  [
    "grey with restart markers",
    async () => restarted(await photo(odd, 1).toColourspace("b-w").jpeg(jpeg).toBuffer(), 1),
  ],
  ["Display P3", () => photo(odd).withIccProfile("p3").jpeg(jpeg).toBuffer()],
  ["CMYK of Adobe's", () => photo(odd).withIccProfile("cmyk").jpeg(jpeg).toBuffer()],
  ["YCCK", ycck],
  [
    "CMYK without Adobe's marker",
    async () => without(await photo(odd).withIccProfile("cmyk").jpeg(jpeg).toBuffer(), 0xee),
  ],
  ["held upright", () => photo(odd).withMetadata({ orientation: 6 }).jpeg(jpeg).toBuffer()],
  ["one pixel", () => photo({ width: 1, height: 1 }).jpeg(jpeg).toBuffer()],
  ["a row", () => photo({ width: 300, height: 1 }).jpeg(jpeg).toBuffer()],
  ["17 × 9", () => photo({ width: 17, height: 9 }).jpeg(jpeg).toBuffer()],
];

/** The same coefficients again, with restart markers; all tables alike. */
function restarted(bytes: Buffer, restartInterval: number): Uint8Array {
  return writeJpeg(readCoefficients(bytes), { restartInterval, steps: 3 });
}

/** Inks coded as luminance and chrominance: the components of a colour picture, and those of a grey one as black. */
async function ycck(): Promise<Uint8Array> {
  const color = readCoefficients(
    await photo(odd)
      .jpeg({ ...jpeg, chromaSubsampling: "4:4:4" })
      .toBuffer(),
  );
  const black = readCoefficients(await photo(odd, 1).toColourspace("b-w").jpeg(jpeg).toBuffer());
  const blocks = black.blocks.flatMap((block, i) => [...color.blocks.slice(3 * i, 3 * i + 3), block]);
  const adobe = [0xff, 0xee, 0, 14, ...Buffer.from("Adobe"), 0, 100, 0, 0, 0, 0, 2];
  return writeJpeg({ ...color, sampling: [...color.sampling, [1, 1]], blocks }, { steps: 3, extra: adobe });
}

async function decoded(bytes: Uint8Array): Promise<Pixels> {
  const strictly = await sharp(bytes, { failOn: "warning" }).stats();
  expect(strictly.channels.length).toBeGreaterThan(0);
  return await decodePixels(bytes, await inspectPicture(bytes, LIMIT));
}

describe("a spliced mark, beside the one that is decoded, blended and coded again", () => {
  test.each(pictures)("%s", async (_, make) => {
    const source = await make();
    const facts = await inspectPicture(source, LIMIT);
    const tiles = await textTiles(mark, facts, tools);
    const [mask = { left: 0, top: 0, width: 0, height: 0 }] = tiles;
    const spliced = await splicer.mark(source, facts, tiles);
    if (!spliced.exact) throw new Error(spliced.reason);
    const header = readScanHeader(source);
    if (!header.exact) throw new Error(header.reason);
    const before = await decoded(source);
    const after = await decoded(spliced.bytes);
    const other = await decoded((await markPicture(source, facts, resolvedOfSpec(mark), tools)).bytes);

    const [w, h] = [8 * header.maxHorizontal, 8 * header.maxVertical];
    const left = Math.floor(mask.left / w) * w - NEIGHBOURHOOD;
    const top = Math.floor(mask.top / h) * h - NEIGHBOURHOOD;
    const right = Math.ceil((mask.left + mask.width) / w) * w + NEIGHBOURHOOD;
    const bottom = Math.ceil((mask.top + mask.height) / h) * h + NEIGHBOURHOOD;
    let [outside, sum, count, moved] = [0, 0, 0, 0];
    for (let i = 0; i < before.samples.length; i++) {
      const pixel = Math.floor(i / before.channels);
      const [x, y] = [pixel % before.width, Math.floor(pixel / before.width)];
      const change = Math.abs(before.samples[i]! - after.samples[i]!);
      if (x < left || x >= right || y < top || y >= bottom) outside = Math.max(outside, change);
      else {
        sum += Math.abs(after.samples[i]! - other.samples[i]!);
        moved = Math.max(moved, change);
        count++;
      }
    }
    expect(outside).toBe(0);
    expect(sum / count).toBeLessThan(2.5);
    if (facts.width > 100 && facts.height > 100) expect(moved).toBeGreaterThan(30);
  });
});

import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { AppError } from "#kernel/errors.ts";
import { decodePixels } from "../../server/adapters/imaging/decode-pixels.ts";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { JpegSplicer } from "../../server/adapters/imaging/jpeg-splicer.ts";
import type { MarkTools } from "../../server/adapters/imaging/mark-picture.ts";
import { codedPictures } from "../fixtures/pictures/coded-pictures.ts";
import { readCoefficients, writeJpeg } from "../fixtures/pictures/jpeg-coefficients.ts";
import { photo } from "../fixtures/pictures/pictures.ts";
import { loadMarkTools, textTiles } from "../support/mark-tools.ts";

/** More of them: PLATEMARK_FUZZ_CASES=50000. */
const MUTATIONS = Number(process.env.PLATEMARK_FUZZ_CASES ?? 1200);
/** Milliseconds for a mutation, on a machine with much else to do. */
const PATIENCE = 100;

let tools: MarkTools;
beforeAll(async () => {
  tools = await loadMarkTools();
});

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bytes changed, cut out, doubled, or the end cut off; the head as often as all the rest. */
function mutated(bytes: Uint8Array, next: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const reach = next() < 0.5 ? Buffer.from(bytes).indexOf(Buffer.of(0xff, 0xda)) + 14 : copy.length;
  const at = Math.floor(next() * reach);
  const length = 1 + Math.floor(next() * 40);
  switch (Math.floor(next() * 6)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Uint8Array.from([...copy.subarray(0, at), ...copy.subarray(at + length)]);
    case 2:
      return Uint8Array.from([...copy.subarray(0, at + length), ...copy.subarray(at)]);
    default:
      for (let hits = 1 + Math.floor(next() * 3); hits > 0; hits--)
        copy[Math.floor(next() * reach)] = next() * 256;
      return copy;
  }
}

async function outcome<T>(work: () => Promise<T>): Promise<T | AppError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

describe("a damaged JPEG", () => {
  const size = { width: 96, height: 64 };
  test.each<[string, number, () => Promise<Uint8Array>]>([
    ["with the standard's tables", 1, () => photo(size).jpeg({ optimiseCoding: false }).toBuffer()],
    ["with tables of its own", 1, () => photo(size).jpeg({ quality: 60, optimiseCoding: true }).toBuffer()],
    [
      "with restart markers",
      1,
      async () => {
        const plain = await photo(size, 1).toColourspace("b-w").jpeg({ optimiseCoding: false }).toBuffer();
        return writeJpeg(readCoefficients(plain), { restartInterval: 5 });
      },
    ],
    [
      "of full quality and 4:4:4",
      0.5,
      () => photo(size).jpeg({ quality: 100, chromaSubsampling: "4:4:4", mozjpeg: false }).toBuffer(),
    ],
    ["in CMYK", 0.5, () => photo(size).toColourspace("cmyk").jpeg().toBuffer()],
    [
      "with trellis quantisation and tables 3",
      0.5,
      () =>
        photo(size)
          .jpeg({ trellisQuantisation: true, overshootDeringing: true, quantisationTable: 3 })
          .toBuffer(),
    ],
    [
      "so large that pieces of it are walked side by side",
      0.1,
      () => photo({ width: 800, height: 640 }).jpeg({ quality: 98, chromaSubsampling: "4:4:4" }).toBuffer(),
    ],
  ])(
    "%s is not spliced unless a decoder, too, finds nothing wrong with it",
    async (_, part, make) => {
      const mutations = Math.ceil(MUTATIONS * part);
      const source = await make();
      const splicer = new JpegSplicer();
      const next = random(source.length);
      const count = { spliced: 0, left: 0 };
      for (let i = 0; i < mutations; i++) {
        const bytes = mutated(source, next);
        const facts = await outcome(() => inspectPicture(bytes, 1e8));
        if (facts instanceof AppError || facts.format !== "jpeg") continue;
        const spliced = await splicer.mark(bytes, facts, await textTiles(DEFAULT_MARK, facts, tools));
        if (!spliced.exact) {
          count.left++;
          continue;
        }
        count.spliced++;
        const judged = await outcome(() => decodePixels(bytes, facts));
        if (judged instanceof AppError)
          throw new Error(`spliced, but ${judged.code}: ${judged.details.cause}`);
        const after = await sharp(spliced.bytes, { failOn: "warning" })
          .raw()
          .toBuffer({ resolveWithObject: true });
        expect([after.info.width, after.info.height]).toEqual([facts.width, facts.height]);
      }
      expect(count.left).toBeGreaterThan(mutations / 10);
      expect(count.spliced).toBeGreaterThan(mutations / 100);
    },
    30_000 + MUTATIONS * PATIENCE,
  );

  test.each<[string, number, () => Promise<Uint8Array>]>([
    ["progressive", 1, () => photo(size).jpeg({ progressive: true }).toBuffer()],
    [
      "progressive, in many scans and of high quality",
      0.5,
      () => photo(size).jpeg({ mozjpeg: true, quality: 97 }).toBuffer(),
    ],
    ...codedPictures().map(([name, bytes]): [string, number, () => Promise<Uint8Array>] => [
      name,
      0.1,
      async () => bytes,
    ]),
  ])(
    "%s is marked through its coefficients in finite time, as a decoder sees it, or left to that",
    async (name, part, make) => {
      const mutations = Math.ceil(MUTATIONS * part);
      const source = await make();
      const splicer = new JpegSplicer();
      const next = random(source.length);
      const count = { marked: 0, left: 0 };
      for (let i = 0; i < mutations; i++) {
        const bytes = mutated(source, next);
        const facts = await outcome(() => inspectPicture(bytes, 1e8));
        if (facts instanceof AppError || facts.format !== "jpeg") continue;
        const tiles = await textTiles(DEFAULT_MARK, facts, tools);
        const marked = await splicer.markCoefficients(bytes, facts, tiles);
        if (!marked.exact) {
          count.left++;
          continue;
        }
        count.marked++;
        const { width, height } = await decodePixels(marked.bytes, facts);
        expect([width, height]).toEqual([facts.width, facts.height]);
        // Arithmetic coding gives every damage some meaning; a decoder finds the same one.
        const judged = await outcome(() => decodePixels(bytes, facts));
        if (judged instanceof AppError && !name.startsWith("arithmetic"))
          throw new Error(`marked, but ${judged.code}: ${judged.details.cause}`);
      }
      expect(count.left).toBeGreaterThan(mutations / 20);
      expect(count.marked).toBeGreaterThan(mutations / 100);
    },
    30_000 + MUTATIONS * PATIENCE,
  );
});

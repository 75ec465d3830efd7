import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { AppError } from "#kernel/errors.ts";
import { decodePixels } from "../../server/adapters/imaging/decode-pixels.ts";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { JpegSplicer } from "../../server/adapters/imaging/jpeg-splicer.ts";
import type { MarkTools } from "../../server/adapters/imaging/mark-picture.ts";
import { readCoefficients, writeJpeg } from "../fixtures/pictures/jpeg-coefficients.ts";
import { photo } from "../fixtures/pictures/pictures.ts";
import { loadMarkTools, textTiles } from "../support/mark-tools.ts";

const MUTATIONS = 1500;

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

/** Bytes changed, cut out, doubled, or the end cut off. */
function mutated(bytes: Uint8Array, next: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = Math.floor(next() * copy.length);
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
        copy[Math.floor(next() * copy.length)] = next() * 256;
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
  test.each([
    ["with the standard's tables", async () => await photo(size).jpeg({ optimiseCoding: false }).toBuffer()],
    [
      "with tables of its own",
      async () => await photo(size).jpeg({ quality: 60, optimiseCoding: true }).toBuffer(),
    ],
    [
      "with restart markers",
      async () => {
        const plain = await photo(size, 1).toColourspace("b-w").jpeg({ optimiseCoding: false }).toBuffer();
        return writeJpeg(readCoefficients(plain), { restartInterval: 5 });
      },
    ],
  ])("%s is not spliced unless a decoder, too, finds nothing wrong with it", async (_, make) => {
    const source = await make();
    const splicer = new JpegSplicer();
    const next = random(source.length);
    const count = { spliced: 0, left: 0 };
    for (let i = 0; i < MUTATIONS; i++) {
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
      if (judged instanceof AppError) throw new Error(`spliced, but ${judged.code}: ${judged.details.cause}`);
      const after = await sharp(spliced.bytes, { failOn: "warning" })
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([after.info.width, after.info.height]).toEqual([facts.width, facts.height]);
    }
    expect(count.left).toBeGreaterThan(MUTATIONS / 4);
    expect(count.spliced).toBeGreaterThan(20);
  });
});

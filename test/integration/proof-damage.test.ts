import fc from "fast-check";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { examinePair, type PairFinding, type ProofTools } from "#imaging/proof/examine-pair.ts";
import { AppError } from "#kernel/errors.ts";
import { loadProofTools } from "../../server/adapters/proof/proof-tools.ts";
import { readCoefficients, writeJpeg } from "../fixtures/pictures/jpeg-coefficients.ts";
import { photo } from "../fixtures/pictures/pictures.ts";

const size = { width: 112, height: 80 };
const touched = [{ left: 16, top: 48, width: 80, height: 32 }];

let tools: ProofTools;
beforeAll(async () => {
  tools = await loadProofTools();
});

async function outcome(original: Uint8Array, marked: Uint8Array): Promise<PairFinding | AppError> {
  try {
    return await examinePair({ original, marked }, { touched }, tools);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** Rows outside the touched region and what filters may carry out of it, as libjpeg decodes them. */
async function decodedOutside(jpeg: Uint8Array): Promise<Buffer> {
  const raw = await sharp(jpeg, { failOn: "none" }).raw().toBuffer();
  const channels = raw.length / (size.width * size.height);
  for (const { left, top, width, height } of touched)
    for (let y = top - 16; y < Math.min(size.height, top + height + 16); y++)
      raw.fill(
        0,
        (y * size.width + left - 16) * channels,
        (y * size.width + Math.min(size.width, left + width + 16)) * channels,
      );
  return raw;
}

const EXIF = { IFD0: { Copyright: "Studio Kern ".repeat(40) } };
const COMMENT = [0xff, 0xfe, 0x01, 0xf4, ...Array<number>(498).fill(0x20)];
const sources: [string, () => Promise<Uint8Array>][] = [
  ["4:2:0", () => photo(size).withExif(EXIF).jpeg({ optimiseCoding: false }).toBuffer()],
  ["progressive", () => photo(size).withExif(EXIF).jpeg({ progressive: true }).toBuffer()],
  [
    "with restart markers",
    async () => {
      const plain = await photo(size, 1).toColourspace("b-w").jpeg({ optimiseCoding: false }).toBuffer();
      return writeJpeg(readCoefficients(plain), { restartInterval: 4, extra: COMMENT });
    },
  ],
];

/** Where in a file: 0 its start, 1 its end. */
const part = fc.noBias(fc.integer({ min: 0, max: 1_000_000 })).map((value) => value / 1_000_000);

describe("what is called exact is equal for libjpeg, too, whatever has been done to the file", () => {
  test.each(sources)("%s", async (_, make) => {
    const original = new Uint8Array(await make());
    const wanted = await decodedOutside(original);
    const count = { exact: 0, other: 0 };
    const change = fc.record({
      edits: fc.array(fc.record({ at: part, value: fc.nat(255) }), {
        minLength: 1,
        maxLength: 3,
      }),
      cut: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: part }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ edits, cut }) => {
        const marked = Uint8Array.from(
          cut === null ? original : original.subarray(0, Math.floor(cut * original.length)),
        );
        for (const { at, value } of edits) marked[Math.floor(at * (marked.length - 1))] = value;
        const found = await outcome(original, marked);
        if (found instanceof AppError || !found.proven || found.evidence.class !== "exact") {
          count.other++;
          return;
        }
        count.exact++;
        expect((await decodedOutside(marked)).equals(wanted)).toBe(true);
      }),
      { numRuns: 400, seed: 7 },
    );
    expect(count.exact).toBeGreaterThan(20);
    expect(count.other).toBeGreaterThan(100);
  });

  test("pictures of all formats that are cut short end in a reason, never in a proof or a crash", async () => {
    for (const format of ["png", "webp", "gif", "tiff", "avif", "jpeg"] as const) {
      const original = new Uint8Array(await photo(size).toFormat(format).toBuffer());
      for (const kept of [0.1, 0.5, 0.9]) {
        const marked = original.slice(0, original.length * kept);
        const found = await outcome(original, marked);
        if (found instanceof AppError) expect(found.code).toMatch(/^picture\./);
        else expect([format, kept, found.proven]).toEqual([format, kept, false]);
      }
    }
  });
});

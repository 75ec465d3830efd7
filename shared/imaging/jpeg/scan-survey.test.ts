import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { writeJpeg } from "../../../test/fixtures/pictures/jpeg-coefficients.ts";
import { JFIF, photographLike, SAMPLINGS } from "../../../test/fixtures/pictures/jpeg-pictures.ts";
import { JpegKernel, KERNEL_STATUS } from "../wasm/jpeg-kernel.ts";
import { readScanHeader } from "./scan-header.ts";
import { takeScan } from "./scan-intake.ts";
import { ScanSurvey } from "./scan-survey.ts";
import { type ScanTable, widenedTables } from "./widened-tables.ts";

let kernel: JpegKernel;
beforeAll(async () => {
  kernel = await JpegKernel.load();
});

/** So small that the walks of some pieces never fall into step. */
const PIECE_BYTES = 300;

function opened(bytes: Uint8Array, tablesOf: (tables: ScanTable[]) => ScanTable[] = (tables) => tables) {
  const header = readScanHeader(bytes);
  if (!header.exact) throw new Error(header.reason);
  const mcus = header.mcusPerRow * header.mcuRows;
  kernel.open(bytes.length, mcus, true);
  for (const { kind, number, read, written, changedFrom } of tablesOf(widenedTables(header)))
    kernel.setHuffmanTable(kind, number, read, written, changedFrom);
  kernel.setBlocks(
    header.components.flatMap(({ horizontal, vertical, dcTable, acTable }, component) =>
      Array.from({ length: horizontal * vertical }, () => ({ component, dcTable, acTable })),
    ),
  );
  const intake = takeScan(kernel, bytes, header.dataStart, 1);
  if (!intake.exact) throw new Error(intake.reason);
  const [interval] = intake.intervals;
  const options = {
    mcusOf: () => mcus,
    isWanted: () => true,
    changesCodes: true,
    pieceBytes: PIECE_BYTES,
  };
  return { interval: interval!, mcus, survey: new ScanSurvey(kernel, [interval!], options) };
}

/** Every MCU's start, found by a walk from the front. */
function starts({ interval, mcus }: ReturnType<typeof opened>) {
  kernel.startInterval(interval.cleanStart, interval.cleanEnd);
  return Array.from({ length: mcus + 1 }, (_, mcu) => {
    const here = kernel.here(mcu);
    if (mcu < mcus) expect(kernel.skip(1)).toBe(KERNEL_STATUS.ok);
    return here;
  });
}

describe("ScanSurvey", () => {
  test.each(SAMPLINGS)("%s: finds every MCU where a walk from the front finds it", (_, sampling) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const file = opened(writeJpeg(photographLike(300, 260, sampling, seed), { extra: JFIF }));
        expect(file.interval.cleanEnd).toBeGreaterThan(20 * PIECE_BYTES);
        const expected = starts(file);
        expect(file.survey.walk(0)).toBe(KERNEL_STATUS.ok);
        let from = 0;
        for (let to = 0; to <= file.mcus; to += 1 + (((seed % 1000) * (to + 7)) % 90)) {
          expect(file.survey.goTo(from, to)).toBe(KERNEL_STATUS.ok);
          expect(kernel.here(to)).toEqual(expected[to]);
          from = to;
        }
        expect(file.survey.goTo(from, file.mcus)).toBe(KERNEL_STATUS.ok);
        expect(kernel.position).toBe(expected.at(-1)!.bit);
      }),
      { numRuns: 8, seed: 3 },
    );
  });

  test("what a walk from the front refuses, it refuses, and nothing else", () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(255), (seed, at, value) => {
        const bytes = writeJpeg(photographLike(200, 160, SAMPLINGS[seed % SAMPLINGS.length]![1], seed % 50), {
          extra: JFIF,
        });
        const start = Buffer.from(bytes).indexOf(Buffer.of(0xff, 0xda)) + 14;
        bytes[start + (at % (bytes.length - start - 2))] = value;
        let file: ReturnType<typeof opened>;
        try {
          file = opened(bytes);
        } catch {
          return;
        }
        kernel.startInterval(file.interval.cleanStart, file.interval.cleanEnd);
        const left = () => file.interval.cleanEnd * 8 - kernel.position;
        const isGood = kernel.skip(file.mcus) === KERNEL_STATUS.ok && left() <= 7;
        expect(file.survey.walk(0) === KERNEL_STATUS.ok).toBe(isGood);
        if (!isGood) refused++;
      }),
      { numRuns: 150, seed: 4 },
    );
    expect(refused).toBeGreaterThan(30);
  });

  test("codes that change are found, each once, whatever pieces met on the way", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const picture = photographLike(200, 160, SAMPLINGS[seed % SAMPLINGS.length]![1], seed);
        const file = opened(writeJpeg(picture, { extra: JFIF }), (tables) =>
          // Most of the codes of 16 bits.
          tables.map((table) => (table.kind === "ac" ? { ...table, changedFrom: 0xf820 } : table)),
        );
        const found: number[] = [];
        kernel.startInterval(file.interval.cleanStart, file.interval.cleanEnd);
        kernel.noteChanges();
        kernel.skip(file.mcus);
        kernel.keepChanges((bit) => found.push(bit) > 0);
        const keep = kernel.keepChanges.bind(kernel);
        const kept: number[] = [];
        kernel.keepChanges = (isReal) =>
          keep((bit, piece) => {
            if (isReal(bit, piece)) kept.push(bit);
            return false;
          });
        expect(file.survey.walk(0)).toBe(KERNEL_STATUS.ok);
        kernel.keepChanges = keep;
        expect(kept.toSorted((a, b) => a - b)).toEqual(found);
        expect(found.length).toBeGreaterThan(5);
      }),
      { numRuns: 20, seed: 5 },
    );
  });
});

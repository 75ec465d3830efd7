import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  acSymbols,
  type Coefficients,
  mcuCount,
  readCoefficients,
  tightTable,
  type WriteOptions,
  writeJpeg,
} from "../../../test/fixtures/pictures/jpeg-coefficients.ts";
import { photo } from "../../../test/fixtures/pictures/pictures.ts";
import { ProofKernel } from "../wasm/proof-kernel.ts";
import { JpegCoefficients } from "./jpeg-coefficients.ts";
import { UnreadableCoefficients } from "./jpeg-markers.ts";
import { PairedRows } from "./paired-rows.ts";

let kernel: ProofKernel;
let picture: Coefficients;
beforeAll(async () => {
  kernel = await ProofKernel.load();
  picture = readCoefficients(
    await photo({ width: 200, height: 120 }).jpeg({ optimiseCoding: false }).toBuffer(),
  );
});

/** The rows of two JPEGs outside the cells that are set: read together, or `null`, and the first's read alone. */
function rows(original: Uint8Array, marked: Uint8Array, cells: Uint8Array, ways = [true, false]) {
  const read = (together: boolean): string[] | null => {
    kernel.reset();
    const a = new JpegCoefficients(kernel, 0, original);
    const b = new JpegCoefficients(kernel, 1, marked);
    const { columns, rows: count } = a.frame;
    const place = kernel.allocate(columns + 16)!;
    const pair = PairedRows.of(kernel, a, b);
    if (together && !pair) return null;
    const written: string[] = [];
    for (let row = 0; row < count; row++) {
      kernel.view(place, columns).set(cells.subarray(row * columns, (row + 1) * columns));
      const each = together ? pair!.next(place) : a.nextRow(place);
      if (!each) return null;
      written.push(Buffer.from(kernel.view(each.out, each.length)).toString("hex"));
    }
    if (together) return pair!.finish() ? written : null;
    a.finish();
    return written;
  };
  return {
    together: ways.includes(true) ? read(true) : null,
    alone: ways.includes(false) ? read(false) : null,
  };
}

/** Every block of these MCUs with other values. */
function touched(from: Coefficients, mcus: readonly number[]): Coefficients {
  const perMcu = mcuCount(from).blocks;
  const blocks = from.blocks.map((block, i) =>
    mcus.includes(Math.floor(i / perMcu))
      ? block.map((value, k) => (k % 5 === 0 ? value + 3 : value))
      : block,
  );
  return { ...from, blocks };
}

const KINDS: [string, WriteOptions][] = [
  ["one scan", {}],
  ["restart markers", { restartInterval: 5 }],
];

describe.each(KINDS)("two JPEGs of %s, read together", (_, options) => {
  test("give the rows of one, where they are the same outside what is left out", () => {
    const count = mcuCount(picture).columns * mcuCount(picture).rows;
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(count - 1), { maxLength: 12 }), fc.boolean(), (mcus, own) => {
        const cells = new Uint8Array(count);
        for (const mcu of mcus) cells[mcu] = 1;
        const marked = touched(picture, mcus);
        const symbols = acSymbols([...picture.blocks, ...marked.blocks]);
        const tables = own ? { ac: tightTable(symbols, 16) } : {};
        const { together, alone } = rows(
          writeJpeg(picture, options),
          writeJpeg(marked, { ...options, ...tables }),
          cells,
        );
        expect(together).not.toBeNull();
        expect(together).toEqual(alone);
      }),
      { numRuns: 60 },
    );
  });

  test("give none, where any value outside is another", () => {
    const { columns, rows: height, blocks: perMcu } = mcuCount(picture);
    fc.assert(
      fc.property(fc.nat(picture.blocks.length - 1), fc.nat(63), (at, k) => {
        const changed = picture.blocks.map((block, i) => (i === at ? block.with(k, block[k]! + 1) : block));
        const cells = new Uint8Array(columns * height);
        cells[(Math.floor(at / perMcu) + 1) % cells.length] = 1;
        const { together } = rows(
          writeJpeg(picture, options),
          writeJpeg({ ...picture, blocks: changed }, options),
          cells,
        );
        const isFiller = together !== null;
        // Blocks that only fill up the last MCUs are nobody's.
        if (isFiller) expect(fillers(picture).has(at)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

/** Places where a file's entropy-coded bytes may be damaged: not in its head. */
const damage = fc.array(
  fc.record({ place: fc.double({ min: 0, max: 1, noNaN: true }), value: fc.nat(255) }),
  {
    minLength: 1,
    maxLength: 3,
  },
);

test("nothing is called the same that is not read so one by one, whatever the bits are", () => {
  const count = mcuCount(picture).columns * mcuCount(picture).rows;
  const scan = (bytes: Uint8Array) => Buffer.from(bytes).indexOf(Buffer.of(0xff, 0xda)) + 14;
  let same = 0;
  fc.assert(
    fc.property(
      fc.record({
        mcus: fc.uniqueArray(fc.nat(count - 1), { maxLength: 4 }),
        restartInterval: fc.constantFrom(0, 3),
        original: fc.option(damage, { freq: 3 }),
        marked: fc.option(damage, { freq: 1 }),
      }),
      ({ mcus, restartInterval, ...damages }) => {
        const cells = new Uint8Array(count);
        for (const mcu of mcus) cells[mcu] = 1;
        const [original, marked] = [picture, touched(picture, mcus)].map((each, i) => {
          const bytes = writeJpeg(each, { restartInterval });
          const from = scan(bytes);
          for (const { place, value } of (i === 0 ? damages.original : damages.marked) ?? [])
            bytes[from + Math.floor(place * (bytes.length - 1 - from))] = value;
          return bytes;
        });
        let together: string[] | null = null;
        try {
          together = rows(original!, marked!, cells, [true]).together;
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableCoefficients);
        }
        if (!together) return;
        same++;
        expect(rows(original!, marked!, cells, [false]).alone).toEqual(together);
        expect(rows(marked!, original!, cells, [false]).alone).toEqual(together);
      },
    ),
    { numRuns: 400 },
  );
  expect(same).toBeGreaterThan(20);
});

test("files whose data do not end where they should are not read together", () => {
  const cells = new Uint8Array(mcuCount(picture).columns * mcuCount(picture).rows);
  for (const restartInterval of [0, 5]) {
    const whole = writeJpeg(picture, { restartInterval });
    const marker = restartInterval === 0 ? 0xd9 : 0xd3;
    const at = Buffer.from(whole).lastIndexOf(Buffer.of(0xff, marker));
    const head = whole.subarray(0, at);
    const longer = Buffer.concat([head, Buffer.of(0x55), whole.subarray(at)]);
    const shorter = Buffer.concat([head.subarray(0, -2), whole.subarray(at)]);
    expect(rows(whole, whole, cells, [true]).together).not.toBeNull();
    for (const [original, marked] of [
      [whole, longer],
      [longer, whole],
      [longer, longer],
      [shorter, shorter],
    ] as const)
      expect(rows(original, marked, cells, [true]).together).toBeNull();
  }
});

/** Indices of blocks outside the picture. */
function fillers(from: Coefficients): Set<number> {
  const { columns, blocks: perMcu } = mcuCount(from);
  const [h, v] = from.sampling[0]!;
  const own = from.sampling.length === 1 ? 1 : h * v;
  const [wide, high] = [Math.ceil(from.width / 8), Math.ceil(from.height / 8)];
  const found = new Set<number>();
  from.blocks.forEach((_, i) => {
    const [mcu, place] = [Math.floor(i / perMcu), i % perMcu];
    if (place >= own) return;
    const x = (mcu % columns) * h + (place % h);
    const y = Math.floor(mcu / columns) * v + Math.floor(place / h);
    if (x >= wide || y >= high) found.add(i);
  });
  return found;
}

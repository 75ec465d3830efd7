import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { STANDARD, tightTable } from "../../../test/fixtures/pictures/jpeg-coefficients.ts";
import { widenTable } from "./widened-tables.ts";

const ALL = [...STANDARD.ac.subarray(16)];

/** Each symbol's code as 16 bits, left-aligned, with its length. */
function codes(table: Uint8Array): Map<number, readonly [code: number, length: number]> {
  const result = new Map<number, readonly [number, number]>();
  let [code, at] = [0, 16];
  for (let length = 1; length <= 16; length++, code *= 2)
    for (let i = 0; i < table[length - 1]!; i++)
      result.set(table[at++]!, [code++ * 2 ** (16 - length), length]);
  return result;
}

describe("widenTable", () => {
  test("gives each missing symbol a code, keeps those below the border, never uses the code of ones", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...ALL), { minLength: 2, maxLength: ALL.length - 1 }),
        fc.integer({ min: 8, max: 16 }),
        (symbols, longest) => {
          const table = tightTable(symbols, longest);
          const wide = widenTable(table, ALL, ALL.length);
          if (!wide) throw new Error("no room");
          const [before, after] = [codes(table), codes(wide.table)];
          expect([...after.keys()].sort()).toEqual([...ALL].sort());
          for (const [symbol, [code, length]] of before)
            if (code < wide.changedFrom) expect(after.get(symbol)).toEqual([code, length]);
            else expect(after.get(symbol)![0]).toBeGreaterThanOrEqual(wide.changedFrom);
          for (const [code, length] of after.values())
            expect(code + 2 ** (16 - length)).toBeLessThan(2 ** 16);
        },
      ),
      { seed: 1 },
    );
  });

  test("leaves a table alone that has all", () => {
    expect(widenTable(STANDARD.ac, ALL, ALL.length)).toEqual({ table: STANDARD.ac, changedFrom: 2 ** 16 });
  });
});

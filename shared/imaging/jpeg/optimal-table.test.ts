import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { optimalTable } from "./optimal-table.ts";

/** Symbol to code length; throws where codes overlap or the code of ones is taken. */
function lengthsOf(table: Uint8Array): Map<number, number> {
  const lengths = new Map<number, number>();
  let [code, at] = [0, 16];
  for (let length = 1; length <= 16; length++, code <<= 1)
    for (let i = 0; i < table[length - 1]!; i++, code++) {
      if (code >= 2 ** length - 1) throw new Error(`code ${code} of ${length} bits`);
      lengths.set(table[at++]!, length);
    }
  expect(at).toBe(table.length);
  return lengths;
}

const histogram = fc
  .array(fc.tuple(fc.nat(255), fc.oneof(fc.nat(50), fc.nat(1e6), fc.nat(1e9))), {
    minLength: 1,
    maxLength: 256,
  })
  .map((pairs) => {
    const counts = Array<number>(256).fill(0);
    for (const [symbol, count] of pairs) counts[symbol] = count + 1;
    return counts;
  });

describe("a table made for counts", () => {
  test("has a code of at most 16 bits for each symbol that is needed, none for others, and not the code of ones", () => {
    fc.assert(
      fc.property(histogram, (counts) => {
        const lengths = lengthsOf(optimalTable(counts));
        expect([...lengths.keys()].sort((a, b) => a - b)).toEqual(
          counts.flatMap((count, symbol) => (count > 0 ? [symbol] : [])),
        );
      }),
    );
  });

  test("gives no symbol a longer code than a rarer one has", () => {
    fc.assert(
      fc.property(histogram, (counts) => {
        const lengths = [...lengthsOf(optimalTable(counts))];
        for (const [a, own] of lengths)
          for (const [b, other] of lengths)
            if (counts[a]! > counts[b]!) expect(own).toBeLessThanOrEqual(other);
      }),
      { numRuns: 30 },
    );
  });

  test("needs no more than a bit a symbol above the entropy where nothing had to be shortened", () => {
    fc.assert(
      fc.property(histogram, (counts) => {
        const lengths = lengthsOf(optimalTable(counts));
        const total = counts.reduce((sum, count) => sum + count, 0);
        if ([...lengths.values()].includes(16) || lengths.size < 2) return;
        const bits = [...lengths].reduce((sum, [symbol, length]) => sum + counts[symbol]! * length, 0);
        const entropy = counts.reduce((sum, n) => sum - (n > 0 ? n * Math.log2(n / total) : 0), 0);
        expect(bits).toBeLessThanOrEqual(entropy + total + 16);
      }),
    );
  });

  test("of counts as Fibonacci's numbers, whose codes would be longer, keeps to 16 bits", () => {
    const counts = Array<number>(256).fill(0);
    for (let i = 0, a = 1, b = 1; i < 40; i++, [a, b] = [b, a + b]) counts[i] = a;
    const lengths = lengthsOf(optimalTable(counts));
    expect(lengths.size).toBe(40);
    expect(Math.max(...lengths.values())).toBe(16);
  });
});

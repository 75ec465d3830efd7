import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearestName } from "./nearest-name.ts";

test("counts insertions, deletions, replacements and swaps of neighbours", () => {
  const pairs = [
    ["", "", 0],
    ["abc", "abc", 0],
    ["abc", "ac", 1],
    ["abc", "abdc", 1],
    ["abc", "axc", 1],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
    ["", "abc", 3],
  ] as const;
  for (const [a, b, distance] of pairs) {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  }
});

test("a distance is never larger than the longer word, and 0 for equal words alone", () => {
  const word = fc.string({ unit: fc.constantFrom(..."abc"), maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(distance === 0).toBe(a === b);
    }),
  );
});

test("finds the word that was meant, whatever its case and separators, and none where none is near", () => {
  const names = ["bottom_right", "bottom", "top", "EXIF.YEAR"];
  expect(nearestName("bottomright", names)).toBe("bottom_right");
  expect(nearestName("Bottom-Rigth", names)).toBe("bottom_right");
  expect(nearestName("exif_year", names)).toBe("EXIF.YEAR");
  expect(nearestName("tpo", names)).toBe("top");
  expect(nearestName("left", names)).toBeUndefined();
  expect(nearestName("x".repeat(1_000), names)).toBeUndefined();
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { highlightLine } from "./template-highlight.ts";

const shown = (line: string) =>
  highlightLine(line).map(({ from, to, style }) => `${style} ${line.slice(from, to)}`);

test("each word has the style of what it is", () => {
  expect(shown('text "© $(EXIF.YEAR) S" { size = 4% of width } // note')).toEqual([
    "keyword text",
    'string "© ',
    "special $(EXIF.YEAR)",
    'string  S"',
    "punctuation {",
    "propertyName size",
    "operator =",
    "number 4%",
    "keyword of",
    "atom width",
    "punctuation }",
    "comment // note",
  ]);
  expect(shown("payload = upper(SKU) #1234")).toEqual([
    "propertyName payload",
    "operator =",
    "functionName upper",
    "punctuation (",
    "variableName SKU",
    "punctuation )",
    "invalid #1234",
  ]);
});

test("stretches of any line are in order, apart and within it", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (line) => {
      let at = 0;
      for (const { from, to } of highlightLine(line)) {
        expect(from).toBeGreaterThanOrEqual(at);
        expect(to).toBeGreaterThan(from);
        at = to;
      }
      expect(at).toBeLessThanOrEqual(line.length);
    }),
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRange } from "./http-range.ts";

describe("a range header", () => {
  test.each([
    ["bytes=0-0", 5, { start: 0, end: 1 }],
    ["bytes=1-", 5, { start: 1, end: 5 }],
    ["bytes=-2", 5, { start: 3, end: 5 }],
    ["bytes=-9", 5, { start: 0, end: 5 }],
    ["bytes=3-99", 5, { start: 3, end: 5 }],
    ["bytes=5-", 5, "unsatisfiable"],
    ["bytes=-0", 5, "unsatisfiable"],
    ["bytes=0-", 0, "unsatisfiable"],
    ["bytes=3-1", 5, null],
    ["bytes=-", 5, null],
    ["bytes=0-1,3-4", 5, null],
    ["lines=0-1", 5, null],
    ["bytes=a-b", 5, null],
    [undefined, 5, null],
  ] as const)("%s of %d bytes is %j", (header, size, expected) => {
    expect(parseRange(header, size)).toEqual(expected);
  });

  test("gives what slicing gives, for all ranges that begin within the object", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(60), fc.nat(60), (size, first, length) => {
        const bytes = Array.from({ length: size }, (_, index) => index);
        const last = first + length;
        const range = parseRange(`bytes=${first}-${last}`, size);
        if (first >= size) expect(range).toBe("unsatisfiable");
        else if (range !== null && range !== "unsatisfiable")
          expect(bytes.slice(range.start, range.end)).toEqual(bytes.slice(first, last + 1));
        else expect.fail("A range was expected.");
      }),
    );
  });
});

import { describe, expect, test } from "vitest";
import { type MarkFont, textRuns } from "./text-runs.ts";

const latin: MarkFont = { family: "Latin", covers: (point) => point < 0x250 && point > 0x20 };
const han: MarkFont = {
  family: "Han",
  covers: (point) => (point >= 0x4e00 && point < 0xa000) || (point > 0x20 && point < 0x80),
};
const fonts = [latin, han];

describe("textRuns", () => {
  test("draws what the chosen font lacks with another one", () => {
    expect(textRuns("© Studio 水印 Ä", "Latin", fonts)).toEqual([
      { family: "Latin", text: "© Studio " },
      { family: "Han", text: "水印 " },
      { family: "Latin", text: "Ä" },
    ]);
  });

  test("prefers the chosen font where both have the character", () => {
    expect(textRuns("ab水", "Han", fonts)).toEqual([{ family: "Han", text: "ab水" }]);
  });

  test("names the character that no font has", () => {
    expect(() => textRuns("ok 😀", "Latin", fonts)).toThrowError(
      expect.objectContaining({
        code: "picture.glyph_missing",
        message: expect.stringContaining("“😀” (U+1F600)"),
        details: { character: "U+1F600" },
      }),
    );
  });

  test.each(["\ud800", "\u0007", "\uffff"])("refuses what XML cannot hold (%j)", (character) => {
    expect(() => textRuns(`a${character}`, "Latin", fonts)).toThrowError(
      expect.objectContaining({ code: "picture.glyph_missing" }),
    );
  });

  test("takes line breaks and tabs for spaces, and keeps joiners with their neighbours", () => {
    expect(textRuns(" a\n\tb\u200d\ufe0f ", "Latin", fonts)).toEqual([
      { family: "Latin", text: "a b\u200d\ufe0f" },
    ]);
  });
});

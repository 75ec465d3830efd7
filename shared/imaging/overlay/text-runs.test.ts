import { describe, expect, test } from "vitest";
import type { MarkFont } from "./font-library.ts";
import { textRuns } from "./text-runs.ts";

const ascii = (point: number) => point > 0x20 && point < 0x80;
const latin: MarkFont = { family: "Latin", covers: (point) => point < 0x250 && point > 0x20 };
const han: MarkFont = {
  family: "Han",
  covers: (point) => (point >= 0x4e00 && point < 0xa000) || ascii(point),
};
const arabic: MarkFont = {
  family: "Arabic",
  covers: (point) => (point >= 0x600 && point < 0x700) || ascii(point),
};
const thai: MarkFont = {
  family: "Thai",
  covers: (point) => (point >= 0xe00 && point < 0xe80) || ascii(point),
};
const emoji: MarkFont = {
  family: "Emoji",
  covers: (point) => point > 0x1f000 || point === 0x2764 || point === 0x31 || point === 0x20e3,
};
const fonts = [latin, han, arabic, thai, emoji];
const families = (text: string, preferred = "Latin") =>
  textRuns(text, preferred, fonts).map(({ family, text, level }) => [family, text, level]);

describe("textRuns", () => {
  test("draws what the chosen font lacks with another one", () => {
    expect(families("© Studio 水印 Ä")).toEqual([
      ["Latin", "© Studio ", 0],
      ["Han", "水印 ", 0],
      ["Latin", "Ä", 0],
    ]);
  });

  test("prefers the chosen font where both have the character", () => {
    expect(families("ab水", "Han")).toEqual([["Han", "ab水", 0]]);
  });

  test("names the character that no font has", () => {
    expect(() => textRuns("ok ᚠ", "Latin", fonts)).toThrowError(
      expect.objectContaining({
        code: "picture.glyph_missing",
        message: expect.stringContaining("“ᚠ” (U+16A0)"),
        details: { character: "U+16A0" },
      }),
    );
  });

  test.each(["\ud800", "\u0007", "\uffff"])("refuses what XML cannot hold (%j)", (character) => {
    expect(() => textRuns(`a${character}`, "Latin", fonts)).toThrowError(
      expect.objectContaining({ code: "picture.glyph_missing" }),
    );
  });

  test("takes tabs for spaces, and keeps joiners with their neighbours", () => {
    expect(families(" a\tb\u200d\ufe0f ")).toEqual([["Latin", "a b\u200d\ufe0f", 0]]);
  });

  test("sets a character and its marks in one font, the first that has them all", () => {
    expect(families("a1\u20e3")).toEqual([
      ["Latin", "a", 0],
      ["Emoji", "1\u20e3", 0],
    ]);
  });

  test("takes the pictograph where its selector asks for it", () => {
    expect(families("1 1\ufe0f\u20e3 ❤\ufe0f 👩\u200d🚀")).toEqual([
      ["Latin", "1 ", 0],
      ["Emoji", "1\ufe0f\u20e3 ❤\ufe0f 👩\u200d🚀", 0],
    ]);
  });

  test("puts runs into the order in which they stand (UAX #9)", () => {
    expect(families("Studio سلام 2026 ok")).toEqual([
      ["Latin", "Studio ", 0],
      ["Latin", "2026", 2],
      ["Arabic", "سلام ", 1],
      ["Latin", " ok", 0],
    ]);
    expect(families("سلام ab 😀")).toEqual([
      ["Emoji", "😀", 1],
      ["Latin", " ", 1],
      ["Latin", "ab", 2],
      ["Arabic", "سلام ", 1],
    ]);
  });

  test("keeps the controls that order text out of what is drawn", () => {
    expect(families("\u202eab\u202c c")).toEqual([
      ["Latin", "ab", 1],
      ["Latin", " c", 0],
    ]);
  });

  test("shapes each script by itself, also where one font has both", () => {
    expect(families("ab สว", "Thai")).toEqual([
      ["Thai", "ab ", 0],
      ["Thai", "สว", 0],
    ]);
  });

  test("composes characters and takes Thai SARA AM apart, which would get the width of one half", () => {
    expect(families("u\u0308")).toEqual([["Latin", "ü", 0]]);
    expect(families("น้ำใจ")).toEqual([["Thai", "น\u0e4d\u0e49\u0e32ใจ", 0]]);
  });
});

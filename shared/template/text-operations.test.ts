import { expect, test } from "vitest";
import { cutText, LONGEST_TEXT, padText, replaceAll, replaceFirst } from "./text-operations.ts";

test("replacing makes no more than a text may have, whatever it is given", () => {
  const many = "a".repeat(LONGEST_TEXT);
  expect(replaceAll(many, "a", many).length).toBeLessThan(4 * LONGEST_TEXT);
  expect(padText("x", 1e12).length).toBeLessThanOrEqual(LONGEST_TEXT);
});

test("an empty pattern occurs nowhere", () => {
  expect([replaceAll("abc", "", "x"), replaceFirst("abc", "", "x"), padText("a", 3, "")]).toEqual([
    "abc",
    "abc",
    "a",
  ]);
});

test("a text is never cut through a character", () => {
  const text = cutText(`x${"😀".repeat(LONGEST_TEXT)}`);
  expect([text.length, text.isWellFormed()]).toEqual([LONGEST_TEXT, true]);
});

import { expect, test } from "vitest";
import { LineIndex } from "./position.ts";

test("finds line and column of any place, whichever way the lines end", () => {
  const text = "ab\ncd\r\n\r\nef\rg😀h";
  const lines = new LineIndex(text);
  const placeOf = (offset: number) => {
    const { line, column } = lines.positionOf(offset);
    return `${line}:${column}`;
  };
  const places = Array.from({ length: text.length + 1 }, (_, offset) => placeOf(offset));
  expect(places.join(" ")).toBe("1:1 1:2 1:3 2:1 2:2 2:3 2:4 3:1 3:2 4:1 4:2 4:3 5:1 5:2 5:3 5:4 5:5");
});

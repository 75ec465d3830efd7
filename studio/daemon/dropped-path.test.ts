import { resolve, sep } from "node:path";
import { array, constantFrom, property, assert as propertyAssert } from "fast-check";
import { expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { droppedPathSegments } from "./dropped-path.ts";

test("names keep their letters; what a file system cannot take becomes _", () => {
  expect(droppedPathSegments("Stühle/%E6%A4%85%E5%AD%90 1.jpg")).toEqual(["Stühle", "椅子 1.jpg"]);
  expect(droppedPathSegments("a%3Ab/c%22d%5Ce%0A.jpg")).toEqual(["a_b", "c_d_e_.jpg"]);
  expect(droppedPathSegments("dots./con.jpg")).toEqual(["dots_", "_con.jpg"]);
});

test("a name that is too long keeps its extension", () => {
  const [name] = droppedPathSegments(`${encodeURIComponent("椅".repeat(100))}.jpeg`);
  expect(Buffer.byteLength(name!)).toBeLessThanOrEqual(200);
  expect(name).toMatch(/^椅+\.jpeg$/);
});

test("whatever the path is, it stays below its folder or is refused", () => {
  const folder = resolve("/inbox/drop");
  const parts = [
    "..",
    ".",
    "",
    "%2e%2e",
    "%2E.",
    "%2f",
    "%5c",
    "\\",
    "%00",
    "C%3A",
    "~",
    "a",
    "椅",
    "%25",
    "%",
  ];
  const names = array(constantFrom(...parts), { minLength: 1, maxLength: 3 }).map((name) => name.join(""));
  propertyAssert(
    property(array(names, { minLength: 1, maxLength: 6 }), (path) => {
      try {
        const target = resolve(folder, ...droppedPathSegments(path.join("/")));
        return target.startsWith(folder + sep) && !target.includes("\\");
      } catch (error) {
        return error instanceof AppError;
      }
    }),
  );
});

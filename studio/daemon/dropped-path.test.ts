import { resolve, sep } from "node:path";
import { property, assert as propertyAssert, string } from "fast-check";
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
  propertyAssert(
    property(string({ unit: "binary", maxLength: 60 }), (path) => {
      try {
        const target = resolve(folder, ...droppedPathSegments(path));
        expect(target.startsWith(folder + sep)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
  );
});

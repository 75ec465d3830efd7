import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placeWindow, readSavedWindow, saveWindow } from "./window-bounds.ts";

const screens = [
  { x: 0, y: 25, width: 1440, height: 875 },
  { x: 1440, y: 0, width: 2560, height: 1440 },
];
const saved = { x: 1500, y: 100, width: 1800, height: 1200, maximized: false };

describe("placeWindow", () => {
  test("gives the first size, and leaves the place to the system, at the first start", () => {
    expect(placeWindow(null, screens)).toEqual({ width: 1280, height: 832 });
  });

  test("puts the window back where it was", () => {
    expect(placeWindow(saved, screens)).toEqual({ x: 1500, y: 100, width: 1800, height: 1200 });
  });

  test("keeps the size alone when its screen is gone or its title bar would be out of reach", () => {
    const size = { width: 1800, height: 1200 };
    expect(placeWindow(saved, [screens[0]!])).toEqual(size);
    expect(placeWindow({ ...saved, y: -40 }, screens)).toEqual(size);
    expect(placeWindow({ ...saved, x: 3990 }, screens)).toEqual(size);
    expect(placeWindow({ ...saved, y: 1430 }, screens)).toEqual(size);
  });

  test("never opens smaller than the window may be", () => {
    expect(placeWindow({ ...saved, width: 10, height: 10 }, screens)).toMatchObject({
      width: 720,
      height: 480,
    });
  });
});

describe("the remembered window", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "platemark-bounds-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("is read as it was saved, and leaves no other file", () => {
    const file = join(folder, "window.json");
    saveWindow(file, saved);
    saveWindow(file, { ...saved, maximized: true });
    expect(readSavedWindow(file)).toEqual({ ...saved, maximized: true });
    expect(readdirSync(folder)).toEqual(["window.json"]);
  });

  test.each(["", "{", "[]", '{"x":"1"}', '{"x":0,"y":0,"width":0,"height":5,"maximized":false}'])(
    "is none when the file holds %j",
    (text) => {
      const file = join(folder, "window.json");
      writeFileSync(file, text);
      expect(readSavedWindow(file)).toBeNull();
    },
  );
});

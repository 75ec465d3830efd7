import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeSamplePictures } from "./sample-pictures.ts";
import { SCENES } from "./samples/scenes.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-samples-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("writes whole pictures in the format, size and profile of their scene, and nothing else", async () => {
  const paths = await makeSamplePictures(join(folder, "new"), 6);
  expect((await readdir(join(folder, "new"))).sort()).toEqual(paths.map((path) => basename(path)).sort());
  for (const [i, path] of paths.entries()) {
    const scene = SCENES[i]!;
    const head = await sharp(path).metadata();
    expect(head).toMatchObject({
      format: scene.format,
      orientation: scene.orientation ?? 1,
      hasProfile: true,
    });
    expect([head.autoOrient.width, head.autoOrient.height]).toEqual([scene.width, scene.height]);
  }
});

test("makes the same bytes each time", async () => {
  const hashes = async (name: string) =>
    await Promise.all(
      (await makeSamplePictures(join(folder, name), 2)).map(async (path) =>
        createHash("sha256")
          .update(await readFile(path))
          .digest("hex"),
      ),
    );
  expect(await hashes("a")).toEqual(await hashes("b"));
});

test("leaves only whole pictures when it is cancelled", async () => {
  const abort = new AbortController();
  const making = makeSamplePictures(folder, 24, { signal: abort.signal });
  abort.abort();
  await expect(making).rejects.toMatchObject({ code: "aborted" });
  for (const name of await readdir(folder)) await sharp(join(folder, name)).stats();
});

test("the 24 scenes cover what cameras and studios hand in", () => {
  expect(SCENES).toHaveLength(24);
  expect(new Set(SCENES.map(({ name }) => name)).size).toBe(24);
  expect(new Set(SCENES.map(({ format }) => format))).toEqual(new Set(["jpeg", "png", "webp", "tiff"]));
  expect(new Set(SCENES.map(({ profile }) => profile))).toEqual(
    new Set(["srgb", "p3", "adobe-rgb", "cmyk", "grey"]),
  );
  expect(new Set(SCENES.map(({ orientation }) => orientation ?? 1))).toEqual(new Set([1, 3, 6, 8]));
});

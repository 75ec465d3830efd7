import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { templateNameSchema } from "#contracts/ipc.ts";
import { silentLogger } from "#kernel/logger.ts";
import { revisionOf, TemplateFiles } from "./template-files.ts";
import { prepareTemplateFolder } from "./templates.ts";

let folder: string;
let files: TemplateFiles;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "platemark-templates-")), "templates");
  files = new TemplateFiles(folder);
});
afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

describe("templates on disk", () => {
  test("are none where there is no folder yet, and the first one makes it", async () => {
    expect(await files.list()).toEqual({ names: [], logos: [] });
    const revision = await files.save("Ecke – 角", "template", null);
    expect(await files.read("Ecke – 角")).toEqual({ text: "template", revision });
    expect(await readdir(folder)).toEqual(["Ecke – 角.platemark"]);
  });

  test("are listed without what is hidden or no template, and with the images beside them", async () => {
    await mkdir(join(folder, "folder"), { recursive: true });
    for (const name of ["b.platemark", "a.platemark", ".c.platemark", "logo.svg", "x.PNG", "note.txt"])
      await writeFile(join(folder, name), "");
    expect(await files.list()).toEqual({ names: ["a", "b"], logos: ["logo.svg", "x.PNG"] });
  });

  test("take a change of what was read, and keep what another has changed meanwhile", async () => {
    const first = await files.save("corner", "one", null);
    await files.save("corner", "two", first);
    await expect(files.save("corner", "three", first)).rejects.toMatchObject({ code: "conflict" });
    await expect(files.remove("corner", first)).rejects.toMatchObject({ code: "conflict" });
    await expect(files.save("corner", "four", null)).rejects.toMatchObject({ code: "already_exists" });
    expect((await files.read("corner")).text).toBe("two");
    expect(await readdir(folder)).toEqual(["corner.platemark"]);
  });

  test("let one of two changes at once through", async () => {
    const base = await files.save("corner", "one", null);
    const saved = await Promise.allSettled(["two", "three"].map((text) => files.save("corner", text, base)));
    expect(saved.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect((await files.read("corner")).text).toBe("two");
  });

  test("go away when they are the ones that were meant", async () => {
    await files.save("corner", "one", null);
    await files.remove("corner", revisionOf("one"));
    await files.remove("corner", revisionOf("one"));
    expect(await readdir(folder)).toEqual([]);
    await expect(files.read("corner")).rejects.toMatchObject({ code: "not_found" });
  });
});

test.each([
  "",
  ".",
  "..",
  "a/b",
  "a\\b",
  "../x",
  ".hidden",
  "a ",
  "a.",
  " a",
  "a\0b",
  "a:b",
  "x".repeat(101),
])("%j is no name of a template", (name) => expect(templateNameSchema.safeParse(name).success).toBe(false));

test.each(["a", "Ecke 2", "水印", "v1.2"])("%j is a name of a template", (name) =>
  expect(templateNameSchema.safeParse(name).success).toBe(true),
);

test("a new folder has the samples, one that is there stays as it is", async () => {
  const samples = join(folder, "..", "samples");
  await mkdir(samples);
  await writeFile(join(samples, "corner.platemark"), "sample");
  await prepareTemplateFolder(folder, { samples, logger: silentLogger });
  expect(await readFile(join(folder, "corner.platemark"), "utf8")).toBe("sample");
  await rm(join(folder, "corner.platemark"));
  await prepareTemplateFolder(folder, { samples, logger: silentLogger });
  expect(await readdir(folder)).toEqual([]);
});

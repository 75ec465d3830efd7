import { appendFile, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import type { TemplateChange } from "#template/template-library.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import { folderAssets } from "./folder-assets.ts";
import { TemplateFolder } from "./template-folder.ts";

const fonts = [{ family: "Inter", weights: [400, 600] }];
const { signal } = new AbortController();
const template = (name: string, text: string) => `template "${name}" {\n  text "${text}"\n}\n`;
const logo = (color: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path fill="${color}" d="M0 0h1v1z"/></svg>`;

let folder: string;
let clock: FakeClock;
/** How far the time that the library is told lies behind. */
let setBackMs: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-templates-"));
  clock = new FakeClock();
  setBackMs = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes a file whose time is the fake clock's. */
async function put(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text);
  await touch(name);
}
const touch = (name: string) => utimes(join(folder, name), clock.now() / 1000, clock.now() / 1000);

/** A watched folder without the system's events: time decides alone when it is looked at. */
async function watched() {
  const library = new TemplateFolder(
    {
      clock: { now: () => clock.now() - setBackMs, sleep: (ms, options) => clock.sleep(ms, options) },
      logger: silentLogger,
    },
    { folder, fonts, restMs: 500, pollMs: 100, listen: false },
  );
  await library.start({ signal });
  const changes: TemplateChange[] = [];
  library.subscribe((change) => changes.push(change));
  return {
    library,
    /** `loaded a, refused b` since the last time. */
    told: () => changes.splice(0).map(({ kind, entry }) => `${kind} ${entry.file}`),
    async passes(ms: number) {
      for (let passed = 0; passed < ms; passed += 50) {
        await clock.whenSleeping();
        await clock.advance(50);
      }
      await clock.whenSleeping();
    },
    [Symbol.asyncDispose]: () => library[Symbol.asyncDispose](),
  };
}

const textOf = (library: TemplateFolder, name: string) => {
  const layer = library.find(name)?.operator.layers[0];
  return layer?.kind === "text" && layer.value.kind === "literal" ? layer.value.value : undefined;
};

describe("a folder of templates", () => {
  test("is read at the start where its files rest, and of templates alone", async () => {
    await put("b.platemark", template("second", "2"));
    await put("a.platemark", template("first", "1"));
    await put("c.platemark.tmp", template("no", "-"));
    await put("._a.platemark", template("no", "-"));
    await put("~$a.platemark", template("no", "-"));
    await put("notes.txt", "notes");
    await mkdir(join(folder, "folder.platemark"));
    clock.jump(10_000);
    await using world = await watched();
    expect(world.library.entries.map(({ file, inForce }) => [file, inForce?.name])).toEqual([
      ["a.platemark", "first"],
      ["b.platemark", "second"],
      ["folder.platemark", undefined],
    ]);
    expect(world.library.find("second")?.version).toMatch(/^[0-9a-f]{64}$/);
  });

  test("takes a new version as a whole, once the file has rested", async () => {
    await put("a.platemark", template("a", "old"));
    clock.jump(10_000);
    await using world = await watched();
    const before = world.library.find("a")!;

    await put("a.platemark", 'template "a" {\n');
    await world.passes(300);
    await appendFile(join(folder, "a.platemark"), '  text "new"\n');
    await touch("a.platemark");
    await world.passes(300);
    await appendFile(join(folder, "a.platemark"), "}\n");
    await touch("a.platemark");
    await world.passes(300);
    expect(world.told()).toEqual([]);
    expect(world.library.find("a")).toBe(before);
    await world.passes(500);
    expect(world.told()).toEqual(["loaded a.platemark"]);
    expect(textOf(world.library, "a")).toBe("new");
    expect(world.library.find("a")?.version).not.toBe(before.version);
    expect(before.operator.layers).toMatchObject([{ value: { value: "old" } }]);
  });

  test("keeps the last good version in force while a file is bad, and says what is wrong with it", async () => {
    await put("a.platemark", template("a", "good"));
    clock.jump(10_000);
    await using world = await watched();
    await put("a.platemark", 'template "a" {\n  text "x" { opacity = 50 }\n}');
    await world.passes(1_000);
    expect(world.told()).toEqual(["refused a.platemark"]);
    expect(world.library.entries).toMatchObject([
      { outdated: true, inForce: { name: "a" }, diagnostics: [{ line: 2, column: 24, suggestion: "0.5" }] },
    ]);
    expect(textOf(world.library, "a")).toBe("good");
    await put("a.platemark", template("a", "better"));
    await world.passes(1_000);
    expect(world.told()).toEqual(["loaded a.platemark"]);
    expect(world.library.entries).toMatchObject([{ outdated: false, diagnostics: [] }]);
  });

  test("has nothing in force for a file that was never good", async () => {
    await put("a.platemark", "nonsense");
    await writeFile(join(folder, "b.platemark"), Uint8Array.of(0xff, 0xfe, 0x41, 0));
    await touch("b.platemark");
    clock.jump(10_000);
    await using world = await watched();
    expect(world.library.entries).toMatchObject([
      { inForce: null, outdated: true, diagnostics: [{ code: "syntax.unexpected" }] },
      { inForce: null, outdated: true, diagnostics: [{ code: "source.unreadable" }] },
    ]);
  });

  test("reads a file at once that was renamed into its place", async () => {
    await put("a.platemark", template("a", "old"));
    clock.jump(10_000);
    await using world = await watched();
    await put(".new", template("a", "new"));
    await utimes(join(folder, ".new"), clock.now() / 1000 - 5, clock.now() / 1000 - 5);
    await rename(join(folder, ".new"), join(folder, "a.platemark"));
    await world.passes(150);
    expect(world.told()).toEqual(["loaded a.platemark"]);
    expect(textOf(world.library, "a")).toBe("new");
  });

  test("forgets a file that has gone, not one that is away for a moment", async () => {
    await put("ä 照片.platemark", template("照片", "x"));
    clock.jump(10_000);
    await using world = await watched();
    expect(textOf(world.library, "照片")).toBe("x");
    await rename(join(folder, "ä 照片.platemark"), join(folder, "away"));
    await world.passes(300);
    await rename(join(folder, "away"), join(folder, "ä 照片.platemark"));
    await world.passes(1_000);
    expect(world.told()).toEqual([]);
    await rm(join(folder, "ä 照片.platemark"));
    await world.passes(1_000);
    expect(world.told()).toEqual(["removed ä 照片.platemark"]);
    expect(world.library.find("照片")).toBeUndefined();
  });

  test("does not wait for the hours by which the clock was set back", async () => {
    await using world = await watched();
    await put("a.platemark", template("a", "x"));
    await world.passes(150);
    setBackMs += 3_600_000;
    await world.passes(1_500);
    expect(world.told()).toEqual(["loaded a.platemark"]);
    await rm(join(folder, "a.platemark"));
    await world.passes(150);
    setBackMs += 3_600_000;
    await world.passes(1_500);
    expect(world.told()).toEqual(["removed a.platemark"]);
  });

  test("takes several changes at once, and the first of two with one name", async () => {
    await using world = await watched();
    await Promise.all([
      put("a.platemark", template("same", "a")),
      put("b.platemark", template("same", "b")),
      put("c.platemark", template("other", "c")),
    ]);
    await world.passes(1_000);
    expect(world.told()).toEqual(["loaded a.platemark", "refused b.platemark", "loaded c.platemark"]);
    expect(world.library.entries[1]).toMatchObject({
      diagnostics: [{ message: expect.stringContaining("a.platemark") }],
    });
    await rm(join(folder, "a.platemark"));
    await world.passes(1_500);
    expect(world.told()).toEqual(["removed a.platemark", "loaded b.platemark"]);
    expect(textOf(world.library, "same")).toBe("b");
  });

  test("gives a name that a template has left to the one that waits for it", async () => {
    await put("a.platemark", template("same", "a"));
    await put("b.platemark", template("same", "b"));
    clock.jump(10_000);
    await using world = await watched();
    await put("a.platemark", template("mine", "a"));
    await world.passes(1_500);
    expect(world.told()).toEqual(["loaded a.platemark", "loaded b.platemark"]);
  });

  test("compiles a template again when its image changes, and keeps it when the image goes", async () => {
    await put("a.platemark", 'template "a" { image "logo.svg" }');
    await put("logo.svg", logo("red"));
    clock.jump(10_000);
    await using world = await watched();
    const red = world.library.find("a")!.version;
    await put("logo.svg", logo("blue"));
    await world.passes(1_000);
    expect(world.told()).toEqual(["loaded a.platemark"]);
    const blue = world.library.find("a")!.version;
    expect(blue).not.toBe(red);
    await rm(join(folder, "logo.svg"));
    await world.passes(1_000);
    expect(world.told()).toEqual(["refused a.platemark"]);
    expect(world.library.find("a")!.version).toBe(blue);
    await put("logo.svg", logo("red"));
    await world.passes(1_000);
    expect(world.library.find("a")!.version).toBe(red);
  });

  test("leaves everything in force while the folder cannot be read, and says so once", async () => {
    await put("a.platemark", template("a", "x"));
    clock.jump(10_000);
    const logger = new RecordingLogger();
    await using library = new TemplateFolder(
      { clock, logger },
      { folder, fonts, pollMs: 100, listen: false },
    );
    await library.start({ signal });
    await rename(folder, `${folder}-away`);
    for (let i = 0; i < 20; i++) {
      await clock.whenSleeping();
      await clock.advance(100);
    }
    await rename(`${folder}-away`, folder);
    expect(library.find("a")).toBeDefined();
    expect(logger.lines.filter(({ event }) => event === "templates.folder_unreadable")).toHaveLength(1);
  });

  test("survives a listener that throws", async () => {
    await using world = await watched();
    world.library.subscribe(() => {
      throw new Error("listener");
    });
    const { library } = world;
    await put("a.platemark", template("a", "1"));
    await put("b.platemark", template("b", "2"));
    await world.passes(1_000);
    expect(library.entries).toHaveLength(2);
  });

  test("hears of changes from the system without waiting for its next look", async () => {
    await using library = new TemplateFolder(
      { clock: systemClock, logger: silentLogger },
      { folder, fonts, restMs: 1, pollMs: 3_600_000 },
    );
    await library.start({ signal });
    const loaded = new Promise<TemplateChange>((resolve) => library.subscribe(resolve));
    await writeFile(join(folder, "a.platemark"), template("a", "x"));
    expect((await loaded).entry.inForce?.name).toBe("a");
  });
});

describe("images beside templates", () => {
  test("are read below the folder only, wherever links lead", async () => {
    const outside = await mkdtemp(join(tmpdir(), "platemark-outside-"));
    try {
      await writeFile(join(outside, "secret.png"), "secret");
      await symlink(join(outside, "secret.png"), join(folder, "link.png"));
      await symlink(outside, join(folder, "linked"));
      await mkdir(join(folder, "logos"));
      await writeFile(join(folder, "logos", "a.png"), "logo");
      const assets = folderAssets(folder);
      const read = async (name: string) => {
        const bytes = await assets.readAsset(name, { signal });
        return bytes && Buffer.from(bytes).toString();
      };
      expect(await read("logos/a.png")).toBe("logo");
      for (const name of [
        "link.png",
        "linked/secret.png",
        `../${outside.split("/").at(-1)}/secret.png`,
        "logos",
        "none.png",
      ])
        expect(await read(name)).toBeNull();
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  test("are refused unread above their limit", async () => {
    await writeFile(join(folder, "large.png"), new Uint8Array((1 << 20) + 1));
    await expect(folderAssets(folder).readAsset("large.png", { signal })).rejects.toMatchObject({
      code: "picture.too_large",
    });
  });
});

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { picturePath, previewPath, thumbPath } from "#contracts/ipc.ts";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { noAssets } from "#template/assets.ts";
import { FakeServer } from "../test/fakes/fake-server.ts";
import { createStudio, type StudioDeps } from "./core.ts";
import { createForkChild } from "./fork-child.ts";

const signal = new AbortController().signal;
let home: string;
let folder: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "platemark-core-"));
  folder = join(home, "pictures");
  await mkdir(folder);
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function open(change: Partial<StudioDeps> = {}) {
  const server = new FakeServer();
  const studio = createStudio(
    {
      controlPlane: server.controlPlane,
      transport: server.transport,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      spawnChild: createForkChild(home),
      templates: {
        folder: join(home, "templates"),
        library: { entries: [], find: () => undefined, subscribe: () => ({ [Symbol.dispose]() {} }) },
        assets: noAssets,
      },
      makeSamples: async () => {},
      ...change,
    },
    {
      home,
      defaultMark: DEFAULT_MARK,
      info: { version: "1", shell: "browser", platform: "linux", storeUrl: null, serverUrl: null },
    },
  );
  await studio.start({ signal });
  return {
    server,
    studio,
    handlers: studio.core.handlers,
    [Symbol.asyncDispose]: () => studio[Symbol.asyncDispose](),
  };
}

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

describe("what a window asks of the core", () => {
  test("pins the template that an import names, and sends it before its pictures", async () => {
    await writeFile(join(folder, "a.png"), "a");
    await using opened = await open();
    const { handlers, server, studio } = opened;
    const text = 'template "Corner" { text "© Studio" { size = 4% } }';
    const { revision } = await handlers["templates.save"]({ name: "ecke", text, base: null }, { signal });
    expect(await handlers["templates.list"]({}, { signal })).toEqual({
      templates: [{ name: "ecke", revision, errors: 0, inForce: null, asks: [] }],
      logos: [],
    });
    const { jobId } = await handlers["import.start"]({ path: folder, template: "ecke" }, { signal });
    await studio.imports.finished(jobId);
    const [version] = server.templates.keys();
    const { jobs } = await handlers["jobs.list"]({}, { signal });
    expect(jobs[0]).toMatchObject({ mark: { template: "Corner", version }, counts: { marked: 1 } });
  });

  test("imports nothing with a template that has mistakes, and says where", async () => {
    await using opened = await open();
    const { handlers } = opened;
    const text = 'template "Corner" {\n  text "©" { anchor = bottomright }\n}';
    await handlers["templates.save"]({ name: "ecke", text, base: null }, { signal });
    const started = handlers["import.start"]({ path: folder, template: "ecke" }, { signal });
    await expect(started).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(/Line 2: .*`bottom_right`/),
    });
    expect(await handlers["jobs.list"]({}, { signal })).toEqual({ jobs: [] });
  });

  test("hands out pictures' own files where a browser can decode them", async () => {
    await writeFile(join(folder, "a.png"), PNG);
    await writeFile(join(folder, "b.tif"), "II*\0");
    await using opened = await open();
    const { handlers, studio } = opened;
    const { jobId } = await handlers["import.start"]({ path: folder }, { signal });
    await studio.imports.finished(jobId);
    const { items } = await handlers["items.page"]({ jobId, filter: "all", offset: 0, limit: 2 }, { signal });
    const [png, tiff] = items.map(({ id }) => picturePath(id));
    expect(await studio.core.asset(png!, { signal })).toEqual({
      body: new Uint8Array(PNG),
      contentType: "image/png",
    });
    expect(await studio.core.asset(tiff!, { signal })).toBeNull();
    for (const path of ["picture/999", "picture/..%2fa", "logo/..%2Fa.png"])
      expect(await studio.core.asset(path, { signal })).toBeNull();
  });

  test("imports a folder with the mark it wants, and pages through its pictures", async () => {
    for (const name of ["a.png", "b.png", "c.heic"]) await writeFile(join(folder, name), name);
    await using opened = await open();
    const { handlers, studio } = opened;
    const { jobId } = await handlers["import.start"](
      { path: folder, mark: { text: "© Window" } },
      { signal },
    );
    await studio.imports.finished(jobId);
    const { jobs } = await handlers["jobs.list"]({}, { signal });
    expect(jobs).toMatchObject([
      {
        id: jobId,
        state: "done",
        found: 3,
        mark: { text: "© Window", opacity: 0.5 },
        counts: { marked: 2, failed: 1 },
      },
    ]);
    const page = { jobId, offset: 0, limit: 2 };
    const all = await handlers["items.page"]({ ...page, filter: "all" }, { signal });
    const failed = await handlers["items.page"]({ ...page, filter: "failed" }, { signal });
    expect([all.total, all.items.length, failed.total]).toEqual([3, 2, 1]);
    expect(failed.items[0]).toMatchObject({ file: "c.heic", reason: { code: "picture.unsupported_heic" } });
  });

  test("begins again with another mark, and just goes on with the same", async () => {
    await writeFile(join(folder, "a.png"), "a");
    await using opened = await open();
    const start = (text: string) =>
      opened.handlers["import.start"]({ path: folder, mark: { text } }, { signal });
    const first = await start("one");
    expect(await start("one")).toEqual(first);
    expect(await start("two")).toEqual(first);
    await opened.studio.imports.finished(first.jobId);
    const { jobs } = await opened.handlers["jobs.list"]({}, { signal });
    expect(jobs).toMatchObject([{ mark: { text: "two" }, state: "done" }]);
  });

  test("lists folders, and says what is none", async () => {
    await mkdir(join(folder, "10"));
    await mkdir(join(folder, "9"));
    await mkdir(join(folder, ".hidden"));
    await writeFile(join(folder, "a.jpg"), "x");
    await writeFile(join(folder, "b.txt"), "x");
    await using opened = await open();
    const list = opened.handlers["folder.list"];
    expect(await list({ path: folder }, { signal })).toEqual({
      path: folder,
      parent: home,
      folders: [
        { name: "9", path: join(folder, "9") },
        { name: "10", path: join(folder, "10") },
      ],
      pictures: 1,
    });
    await expect(list({ path: join(folder, "no") }, { signal })).rejects.toMatchObject({ code: "not_found" });
    const choose = opened.handlers["folder.choose"];
    await expect(choose({}, { signal })).rejects.toMatchObject({ code: "permission_denied" });
  });

  test("makes the samples once", async () => {
    let made = 0;
    const makeSamples = async (target: string, count: number) => {
      made++;
      await mkdir(target, { recursive: true });
      for (let n = 0; n < count; n++) await writeFile(join(target, `${n}.png`), `sample ${n}`);
    };
    await using opened = await open({ makeSamples });
    for (let n = 0; n < 2; n++) {
      const { jobId } = await opened.handlers["import.samples"]({}, { signal });
      await opened.studio.imports.finished(jobId);
      expect(opened.studio.imports.job(jobId)).toMatchObject({ found: 24, state: "done" });
    }
    expect(made).toBe(1);
  });

  test("imports a single picture by its path, and shows it", async () => {
    await writeFile(join(folder, "a.png"), PNG);
    await writeFile(join(folder, "b.png"), "another");
    await using opened = await open();
    const path = join(folder, "a.png");
    const { jobId } = await opened.handlers["import.start"]({ path }, { signal });
    await opened.studio.imports.finished(jobId);
    expect(opened.studio.imports.job(jobId)).toMatchObject({ state: "done", found: 1, label: "a.png" });
    const { items } = opened.studio.imports.page(jobId, "all", 0, 10);
    expect(items).toMatchObject([{ file: "a.png", state: "marked" }]);
    expect(await opened.studio.core.asset(thumbPath(items[0]!.id), { signal })).not.toBeNull();
  });

  test("shows pictures through the previews' child, and nothing else", async () => {
    await writeFile(join(folder, "a.png"), PNG);
    await writeFile(join(folder, "b.png"), "no picture at all");
    await using opened = await open();
    const { jobId } = await opened.handlers["import.start"]({ path: folder }, { signal });
    await opened.studio.imports.finished(jobId);
    const { items } = opened.studio.imports.page(jobId, "all", 0, 10);
    const asset = (path: string) => opened.studio.core.asset(path, { signal });
    const [good, bad] = ["a.png", "b.png"].map((file) => items.find((item) => item.file === file)!);
    const thumb = await asset(thumbPath(good!.id));
    expect(thumb?.contentType).toBe("image/webp");
    expect(Buffer.from(thumb!.body.subarray(8, 12)).toString()).toBe("WEBP");
    expect(await asset(thumbPath(good!.id))).toEqual(thumb);
    expect(await asset(previewPath(good!.id, "original"))).not.toBeNull();
    expect(await asset(thumbPath(bad!.id))).toBeNull();
    for (const path of ["thumb/../../etc/passwd", "thumb/999", "preview/both/1", "thumb/1/2", ""])
      expect(await asset(path)).toBeNull();
  });
});

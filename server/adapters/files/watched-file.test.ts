import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import type { WatchedFile } from "../../services/ports/watched-file.ts";
import { createWatchedFile, type WatchedFileOptions } from "./watched-file.ts";

let folder: string;
let path: string;
let stack: DisposableStack;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-watched-"));
  path = join(folder, "list.json");
  stack = new DisposableStack();
});
afterEach(async () => {
  stack.dispose();
  await rm(folder, { recursive: true });
});
const open = (options: Partial<WatchedFileOptions> = {}) =>
  stack.use(createWatchedFile({ clock: systemClock }, { path, restMs: 5, pollMs: 20, ...options }));
const changed = (file: WatchedFile) => file.changed({ signal: AbortSignal.timeout(10_000) });

describe.each([[true], [false]])("a watched file, told by the system: %s", (listen) => {
  test("is heard of when it comes, is written, is replaced and goes", async () => {
    const file = open({ listen });
    expect(await file.read()).toBeNull();
    const steps: [() => Promise<unknown>, string | null][] = [
      [() => writeFile(path, "one"), "one"],
      [() => writeFile(path, "two, longer"), "two, longer"],
      [() => writeFile(`${path}~`, "three").then(() => rename(`${path}~`, path)), "three"],
      [() => rm(path), null],
      [() => writeFile(path, "again"), "again"],
    ];
    for (const [step, text] of steps) {
      const heard = changed(file);
      await step();
      await heard;
      expect(await file.read()).toBe(text);
    }
  });

  test("is heard of when the folder behind its link is exchanged, as mounted configuration does", async () => {
    for (const version of ["1", "2"]) {
      await mkdir(join(folder, version));
      await writeFile(join(folder, version, "list.json"), version);
    }
    await symlink("1", join(folder, "current"));
    await symlink("current/list.json", path);
    const file = open({ listen });
    expect(await file.read()).toBe("1");
    const heard = changed(file);
    await symlink("2", join(folder, "next"));
    await rename(join(folder, "next"), join(folder, "current"));
    await heard;
    expect(await file.read()).toBe("2");
  });
});

describe("a watched file", () => {
  test("that changed between reading and listening is heard of", async () => {
    await writeFile(path, "one");
    const file = open({ listen: false, pollMs: 3_600_000 });
    await file.read();
    await writeFile(path, "two, longer");
    await changed(file);
    expect(await file.read()).toBe("two, longer");
  });

  test("is silent when told to stop", async () => {
    const file = open();
    await file.read();
    const stop = new AbortController();
    const waiting = file.changed({ signal: stop.signal });
    stop.abort();
    await waiting;
  });

  test("is written whole, with its rights, and through a link", async () => {
    await writeFile(path, "one");
    await chmod(path, 0o640);
    const link = join(folder, "link.json");
    await symlink("list.json", link);
    const file = open({ path: link });
    await file.write("two");
    expect(await readFile(path, "utf8")).toBe("two");
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await readdir(folder)).toSorted()).toEqual(["link.json", "list.json"]);
  });

  test("that cannot be read or written is an error with its path or reason", async () => {
    await writeFile(path, Buffer.from([0xff, 0xfe]));
    await expect(open().read()).rejects.toMatchObject({
      code: "file.unreadable",
      message: expect.stringMatching(/UTF-8/),
    });
    await writeFile(path, "x".repeat(1024 * 1024 + 1));
    await expect(open().read()).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(open({ path: folder }).read()).rejects.toMatchObject({ code: "file.unreadable" });
    const nowhere = join(folder, "none", "list.json");
    await expect(open({ path: nowhere }).write("x")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(nowhere),
    });
  });
});

import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pathOf, type ScannedFile, scanFolder } from "./scan-folder.ts";

let root: string;
const signal = new AbortController().signal;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "platemark-scan-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function scan(folder = root) {
  const files: ScannedFile[] = [];
  let ignored = 0;
  for await (const batch of scanFolder(folder, { signal })) {
    files.push(...batch.files);
    ignored += batch.ignored;
  }
  return { files, names: files.map(({ file }) => file).toSorted(), ignored };
}

const write = async (name: string, body = "x") => {
  await mkdir(join(root, name, ".."), { recursive: true });
  await writeFile(join(root, name), body);
};

/** Root may read everything; as somebody else it may not. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe("a scan", () => {
  test("finds pictures below the folder, and passes over what is hidden, temporary or no picture", async () => {
    for (const name of ["a.jpg", "deep/er/b.TIFF", "c.heic", "d.cr3", "e.txt", "f", ".g.jpg", ".dir/h.jpg"])
      await write(name);
    for (const name of ["._i.jpg", "j.jpg.part", "Thumbs.db"]) await write(name);
    const { names, ignored } = await scan();
    expect(names).toEqual(["a.jpg", "c.heic", "d.cr3", "deep/er/b.TIFF"]);
    expect(ignored).toBe(2);
  });

  test("takes a picture for the only one, and refuses any other file", async () => {
    await write("a.jpg");
    await write("b.jpg");
    await write("c.txt");
    const { names } = await scan(join(root, "a.jpg"));
    expect(names).toEqual(["a.jpg"]);
    expect(pathOf(join(root, "a.jpg"), "a.jpg")).toBe(join(root, "a.jpg"));
    await expect(scan(join(root, "c.txt"))).rejects.toMatchObject({ code: "invalid_argument" });
  });

  test("tells a folder from a picture of the same name in it", async () => {
    await write("a.jpg/a.jpg");
    const folder = join(root, "a.jpg");
    const { names } = await scan(folder);
    expect(names.map((name) => pathOf(folder, name))).toEqual([join(folder, "a.jpg")]);
  });

  test("says at once what cannot be marked", async () => {
    await write("a.heic");
    await write("b.nef");
    await write("c.jpg", "");
    await write("d.jpg");
    const { files } = await scan();
    const refusals = Object.fromEntries(files.map(({ file, refusal }) => [file, refusal?.code]));
    expect(refusals).toEqual({
      "a.heic": "picture.unsupported_heic",
      "b.nef": "picture.unsupported_raw",
      "c.jpg": "file.empty",
      "d.jpg": undefined,
    });
  });

  test("keeps names as the file system has them, composed and decomposed", async () => {
    const names = ["é.jpg".normalize("NFC"), "é.jpg".normalize("NFD"), "图片 001.jpg", "🖼.jpg"];
    for (const name of names) await write(name);
    expect((await scan()).names).toEqual(names.toSorted());
  });

  test("walks each folder once, though links lead to it in circles", async () => {
    await write("real/a.jpg");
    await symlink(root, join(root, "real", "loop"));
    await symlink(join(root, "real"), join(root, "again"));
    await symlink("self", join(root, "self"));
    await symlink(join(root, "real", "a.jpg"), join(root, "linked.jpg"));
    expect((await scan()).names).toEqual(["linked.jpg", "real/a.jpg"]);
  });

  test("follows a linked folder that nothing else leads to", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "platemark-scan-"));
    try {
      await writeFile(join(elsewhere, "a.jpg"), "x");
      await symlink(elsewhere, join(root, "one"));
      await symlink(elsewhere, join(root, "two"));
      expect((await scan()).names).toEqual(["one/a.jpg"]);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  test("reports a link that leads nowhere, and goes on", async () => {
    await symlink(join(root, "gone.jpg"), join(root, "a.jpg"));
    await write("b.jpg");
    const { files } = await scan();
    expect(files.find(({ file }) => file === "a.jpg")?.refusal?.code).toBe("file.vanished");
    expect(files).toHaveLength(2);
  });

  test("reports folders that may not be read, and goes on", async () => {
    await write("locked/a.jpg");
    await write("open.jpg");
    await chmod(root, 0o755);
    await chmod(join(root, "locked"), 0);
    const { files } = await asNobody(() => scan());
    await chmod(join(root, "locked"), 0o755);
    const refusals = Object.fromEntries(files.map(({ file, refusal }) => [file, refusal?.code]));
    expect(refusals).toEqual({
      "locked/": "file.unreadable",
      "open.jpg": undefined,
    });
  });

  test("holds a batch of a large folder at a time", async () => {
    const names = Array.from({ length: 20_000 }, (_, n) => join(root, `${n}.jpg`));
    for (let n = 0; n < names.length; n += 1_000)
      await Promise.all(names.slice(n, n + 1_000).map((name) => writeFile(name, "")));
    let found = 0;
    let largest = 0;
    for await (const { files } of scanFolder(root, { signal })) {
      found += files.length;
      largest = Math.max(largest, files.length);
    }
    expect(found).toBe(20_000);
    expect(largest).toBeLessThanOrEqual(128);
  });

  test("ends with the reason of its signal", async () => {
    await write("a.jpg");
    const stop = new AbortController();
    stop.abort();
    const walk = scanFolder(root, { signal: stop.signal }).next();
    await expect(walk).rejects.toMatchObject({ code: "aborted" });
  });

  test("refuses a root that is missing or a file", async () => {
    await write("a.txt");
    await expect(scan(join(root, "no"))).rejects.toMatchObject({ code: "not_found" });
    await expect(scan(join(root, "a.txt"))).rejects.toMatchObject({ code: "invalid_argument" });
  });
});

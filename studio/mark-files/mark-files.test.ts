import { link, mkdir, mkdtemp, readFile, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { filesBelow } from "../../test/support/files-below.ts";
import { type FileMarker, type FileOutcome, type MarkFilesOptions, markFiles } from "./mark-files.ts";
import { findPlaces } from "./places.ts";

let folder: string;
let input: string;
let output: string;
const signal = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-mark-"));
  input = join(folder, "in");
  output = join(folder, "out");
  await mkdir(input);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = async (name: string, body = name) => {
  await mkdir(join(input, name, ".."), { recursive: true });
  await writeFile(join(input, name), body);
};

/** Marks by adding “ marked”. The first wait until `together` are in hand at once. */
function fakeMarker(onMark: (fileName: string) => void = () => {}, together = 1) {
  const gathered = Promise.withResolvers<void>();
  const fake = {
    most: 0,
    now: 0,
    roomFor: (size: number) => size,
    isStillInUse: () => false,
    async mark({ original, sha256, fileName, folder: from }) {
      fake.most = Math.max(fake.most, ++fake.now);
      if (fake.now === together) gathered.resolve();
      try {
        await gathered.promise;
        onMark(fileName);
      } finally {
        fake.now--;
      }
      const text = Buffer.from(original).toString();
      return {
        body: Buffer.from(`${text} marked`),
        sha256,
        record: Buffer.from(`of ${text} in ${from}`),
        path: "spliced",
        proof: "exact",
        incomplete: [],
      };
    },
  } satisfies FileMarker & { most: number; now: number };
  return fake;
}

async function mark(
  options: Partial<MarkFilesOptions> & { to?: string; record?: string; marker?: FileMarker } = {},
) {
  const { to = output, record = null, marker = fakeMarker(), ...given } = options;
  const outcomes: FileOutcome[] = [];
  const places = await findPlaces({ input, output: to, record }, { signal });
  const onSettled = (outcome: FileOutcome) => outcomes.push(outcome);
  const defaults = { existing: "refuse", jobs: 3, memoryBudgetBytes: 1e6, onSettled, signal } as const;
  let failure: unknown = null;
  await markFiles(places.pictures, marker, { ...defaults, ...given }).catch((error: unknown) => {
    failure = error;
  });
  const states = Object.fromEntries(outcomes.map(({ name, state, reason }) => [name, reason?.code ?? state]));
  return { states, outcomes, failure, ignored: places.ignored };
}

const textOf = (...path: string[]) => readFile(join(...path), "utf8");

describe("marks on files", () => {
  test("keep a folder's tree, and put each record under the same name", async () => {
    for (const name of ["a.jpg", "day 1/图片.png", "in", "in.jpg", "notes.txt"]) await write(name);
    const record = join(folder, "proofs");
    const { states, ignored } = await mark({ record });
    expect(states).toEqual({ "a.jpg": "marked", "day 1/图片.png": "marked", "in.jpg": "marked" });
    expect(ignored).toBe(2);
    expect(await filesBelow(output)).toEqual(["a.jpg", "day 1/图片.png", "in.jpg"]);
    expect(await textOf(output, "day 1/图片.png")).toBe("day 1/图片.png marked");
    expect(await filesBelow(record)).toEqual([
      "a.jpg.proof.json",
      "day 1/图片.png.proof.json",
      "in.jpg.proof.json",
    ]);
    expect(await textOf(record, "day 1/图片.png.proof.json")).toBe(
      `of day 1/图片.png in ${join(input, "day 1")}`,
    );
  });

  test("of a single picture go into a file or a folder, and keep the format", async () => {
    await write("a.jpg");
    input = join(input, "a.jpg");
    await mark({ to: join(folder, "b.JPEG"), record: join(folder, "b.json") });
    expect(await textOf(folder, "b.JPEG")).toBe("a.jpg marked");
    expect(await textOf(folder, "b.json")).toMatch(/^of a\.jpg/);
    await mark({ to: `${output}/`, record: `${folder}/` });
    expect(await filesBelow(output)).toEqual(["a.jpg"]);
    expect(await textOf(folder, "a.jpg.proof.json")).toMatch(/^of a\.jpg/);
    await expect(mark({ to: join(folder, "b.png") })).rejects.toMatchObject({
      message: "A marked picture keeps its format: “b.png” must end like “a.jpg”.",
    });
    const same = join(folder, "c.jpg");
    await expect(mark({ to: same, record: same })).rejects.toMatchObject({ code: "invalid_argument" });
  });

  test("refuse, keep or replace what is there already, records too", async () => {
    for (const name of ["a.jpg", "b.jpg"]) await write(name);
    const record = join(folder, "proofs");
    await mkdir(output);
    await mkdir(record);
    await writeFile(join(output, "a.jpg"), "mine");
    await writeFile(join(record, "b.jpg.proof.json"), "mine");
    const refused = await mark({ record });
    expect(refused.states).toEqual({ "a.jpg": "already_exists", "b.jpg": "already_exists" });
    expect(await filesBelow(output)).toEqual(["a.jpg"]);
    expect((await mark({ record, existing: "keep" })).states).toEqual({ "a.jpg": "kept", "b.jpg": "marked" });
    expect(await textOf(output, "a.jpg")).toBe("mine");
    expect(await textOf(record, "b.jpg.proof.json")).toMatch(/^of b\.jpg/);
    expect((await mark({ existing: "replace" })).states).toEqual({ "a.jpg": "marked", "b.jpg": "marked" });
    expect(await textOf(output, "a.jpg")).toBe("a.jpg marked");
  });

  test("never take an original's place, whatever leads to it", async () => {
    await write("a.jpg");
    const replacing = (to: string, record?: string) =>
      mark({ to, existing: "replace", ...(record !== undefined && { record }) });
    await expect(replacing(input)).rejects.toMatchObject({ code: "invalid_argument" });
    const linked = join(folder, "linked");
    await symlink(input, linked);
    await expect(replacing(join(linked, "."))).rejects.toMatchObject({ code: "invalid_argument" });
    await mkdir(output);
    await link(join(input, "a.jpg"), join(output, "a.jpg"));
    expect((await replacing(output)).states).toEqual({ "a.jpg": "already_exists" });
    input = join(input, "a.jpg");
    expect((await replacing(join(folder, "b.jpg"), input)).states).toEqual({ "a.jpg": "already_exists" });
    expect(await textOf(input)).toBe("a.jpg");
  });

  test("pass over what was marked before into a folder of the input, also through a link", async () => {
    await write("a.jpg");
    await symlink(input, join(folder, "linked"));
    for (const to of [join(input, "marked"), join(folder, "linked", "marked")])
      expect((await mark({ to, existing: "replace" })).states).toEqual({ "a.jpg": "marked" });
    expect(await filesBelow(input)).toEqual(["a.jpg", "marked/a.jpg"]);
  });

  test("go into the folder that the pictures' own folder lies in", async () => {
    await write("day 1/a.jpg");
    output = input;
    input = join(input, "day 1");
    expect((await mark()).states).toEqual({ "a.jpg": "marked" });
    expect(await filesBelow(output)).toEqual(["a.jpg", "day 1/a.jpg"]);
  });

  test("number the pictures in the order of their names, however many there are", async () => {
    const names = Array.from({ length: 300 }, (_, n) => `${(n * 7919) % 1000}.jpg`);
    for (const name of names) await write(name);
    const { pictures } = await findPlaces({ input, output, record: null }, { signal });
    expect(pictures.map(({ name }) => name)).toEqual(names.toSorted());
    expect(pictures.map(({ sequence }) => sequence)).toEqual(names.map((_, n) => n + 1));
  });

  test("take as many at once as they may, and only what fits into memory", async () => {
    for (let n = 0; n < 12; n++) await write(`${n}.jpg`, "x".repeat(100));
    const marker = fakeMarker(undefined, 4);
    await mark({ marker, jobs: 4 });
    expect(marker.most).toBe(4);
    const tight = fakeMarker(undefined, 2);
    await mark({ marker: tight, jobs: 4, memoryBudgetBytes: 450, existing: "replace" });
    expect(tight.most).toBe(2);
  });

  test("go on after a picture that fails, and after a place that cannot be written; nothing half is left", async () => {
    for (const name of ["a/1.jpg", "b.jpg", "c.heic", "d.jpg"]) await write(name);
    await write("e.jpg");
    await truncate(join(input, "e.jpg"), 3 * 1024 ** 3);
    await mkdir(join(output, "d.jpg", "a folder"), { recursive: true });
    await writeFile(join(output, "a"), "a file where a folder should be");
    const marker = fakeMarker((name) => {
      if (name === "b.jpg") throw new AppError("picture.corrupt", "Damaged.");
    });
    const { states, failure } = await mark({ marker, existing: "replace", jobs: 1 });
    expect(failure).toBeNull();
    expect(states).toEqual({
      "a/1.jpg": "file.unwritable",
      "b.jpg": "picture.corrupt",
      "c.heic": "picture.unsupported_heic",
      "d.jpg": "file.unwritable",
      "e.jpg": "picture.too_large",
    });
    expect(await filesBelow(output)).toEqual(["a"]);
  });

  test("clear away what was being written when an earlier run was killed, and nothing that is written now", async () => {
    await write("a.jpg");
    await mkdir(output);
    const [old, young, other] = [
      `.platemark-${"a".repeat(12)}.tmp`,
      `.platemark-${"b".repeat(12)}.tmp`,
      ".mine.tmp",
    ];
    for (const name of [old, young, other]) await writeFile(join(output, name), "half");
    const long = new Date(Date.now() - 2 * 3_600_000);
    for (const name of [old, other]) await utimes(join(output, name), long, long);
    await mark();
    expect(await filesBelow(output)).toEqual([other, young, "a.jpg"].toSorted());
  });

  test("end at once when there is no room for any, or when they are to", async () => {
    for (let n = 0; n < 20; n++) await write(`${n}.jpg`);
    const full = new AppError("disk.full", "Full.");
    let marked = 0;
    const marker = fakeMarker(() => {
      if (++marked === 5) throw full;
    });
    expect((await mark({ marker })).failure).toBe(full);
    expect(marked).toBeLessThan(9);
    const stop = new AbortController();
    const stopping = await mark({ existing: "replace", signal: stop.signal, onSettled: () => stop.abort() });
    expect(stopping.failure).toMatchObject({ code: "aborted" });
    expect((await filesBelow(output)).every((name) => name.endsWith(".jpg"))).toBe(true);
  });

  test("say what is not there, and what is no picture", async () => {
    await expect(
      findPlaces({ input: join(folder, "none"), output, record: null }, { signal }),
    ).rejects.toMatchObject({ code: "not_found" });
    await writeFile(join(folder, "notes.txt"), "");
    const notes = { input: join(folder, "notes.txt"), output: join(folder, "b.txt"), record: null };
    await expect(findPlaces(notes, { signal })).rejects.toMatchObject({ code: "invalid_argument" });
  });
});

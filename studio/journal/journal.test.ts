import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import type { SeenFile } from "./items-table.ts";
import type { JobRow } from "./job-row.ts";
import { Journal } from "./journal.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-journal-"));
  path = join(folder, "journal.sqlite");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const job = (run = 1): JobRow => ({
  id: "job",
  serverId: "server",
  root: "/pictures",
  label: "pictures",
  state: "scanning",
  mark: DEFAULT_MARK,
  run,
  ignored: 0,
  bytesTotal: 0,
  bytesSent: 0,
  startedAtMs: 1,
  finishedAtMs: null,
});
const file = (name: string, change: Partial<SeenFile> = {}): SeenFile => ({
  file: name,
  size: 10,
  mtimeNs: "1600000000000000001",
  traceId: "0".repeat(31).concat("1"),
  refusal: null,
  ...change,
});

async function withItem(journal: Journal, name = "a.jpg") {
  return await journal.commit(() => {
    journal.jobs.put(job());
    return journal.items.see(job(), file(name)).item;
  });
}

describe("the journal", () => {
  test("keeps what it has acknowledged when it is opened again", async () => {
    {
      using journal = Journal.open(path);
      const item = await withItem(journal);
      await journal.commit(() => {
        journal.items.change(item.id, { state: "uploading", mediaId: "m" });
        journal.uploads.begin("server", { mediaId: "m", uploadId: "u", partSize: 5 });
        journal.uploads.confirm("server", "m", { partNumber: 2, etag: "e", size: 5 });
        journal.hashes.put({ path: "/a", size: 10, mtimeNs: "1" }, "abc");
      });
    }
    using journal = Journal.open(path);
    expect(journal.items.ofMedia("m")).toMatchObject([{ state: "uploading", file: "a.jpg" }]);
    expect(journal.uploads.parts("server", "m")).toEqual([{ partNumber: 2, etag: "e", size: 5 }]);
    expect(journal.hashes.get({ path: "/a", size: 10, mtimeNs: "1" })).toBe("abc");
    expect(journal.hashes.get({ path: "/a", size: 11, mtimeNs: "1" })).toBeUndefined();
    expect(journal.jobs.ofFolder("server", "/pictures")?.id).toBe("job");
    expect(journal.jobs.ofFolder("other", "/pictures")).toBeUndefined();
  });

  test("commits what comes together as one, and undoes it as one", async () => {
    using journal = Journal.open(path);
    const item = await withItem(journal);
    const good = journal.commit(() => journal.items.change(item.id, { state: "uploading" }));
    const bad = journal.commit(() => journal.items.change(item.id, { state: "copied" }));
    await expect(bad).rejects.toMatchObject({ code: "conflict" });
    await expect(good).rejects.toMatchObject({ code: "conflict" });
    expect(journal.items.get(item.id)?.state).toBe("found");
  });

  test("forgets the parts of an upload that another has replaced", async () => {
    using journal = Journal.open(path);
    await journal.commit(() => {
      journal.uploads.begin("server", { mediaId: "m", uploadId: "u1", partSize: 5 });
      journal.uploads.confirm("server", "m", { partNumber: 1, etag: "e", size: 5 });
      journal.uploads.begin("server", { mediaId: "m", uploadId: "u1", partSize: 5 });
    });
    expect(journal.uploads.parts("server", "m")).toHaveLength(1);
    await journal.commit(() =>
      journal.uploads.begin("server", { mediaId: "m", uploadId: "u2", partSize: 5 }),
    );
    expect(journal.uploads.parts("server", "m")).toEqual([]);
  });

  test("knows a file from the run before by its name, size and time", async () => {
    using journal = Journal.open(path);
    const first = await withItem(journal);
    const { same, twice, changed } = await journal.commit(() => {
      const same = journal.items.see(job(2), file("a.jpg", { traceId: "f".repeat(32) }));
      const twice = journal.items.see(job(2), file("a.jpg"));
      const changed = journal.items.see(job(3), file("a.jpg", { size: 11, traceId: "f".repeat(32) }));
      return { same, twice, changed };
    });
    expect(same).toMatchObject({ isNew: true, item: { id: first.id, traceId: first.traceId, index: 0 } });
    expect(twice.isNew).toBe(false);
    expect(changed.item).toMatchObject({ id: first.id, traceId: "f".repeat(32), state: "found", index: 0 });
  });

  test("answers a run's work in the order it was seen, and what is settled no more", async () => {
    using journal = Journal.open(path);
    const items = await journal.commit(() => {
      journal.jobs.put(job());
      return ["a.jpg", "b.jpg", "c.jpg"].map((name) => journal.items.see(job(), file(name)).item);
    });
    await journal.commit(() =>
      journal.items.change(items[1]!.id, { state: "failed", errorCode: "file.empty" }),
    );
    expect(journal.items.work(job(), 0, 10).map((item) => item.file)).toEqual(["a.jpg", "c.jpg"]);
    expect(journal.items.tally(job())).toEqual({
      counts: { found: 2, failed: 1 },
      found: 3,
      already: 0,
      settled: 1,
    });
    await journal.commit(() => journal.items.retry(job(), undefined));
    expect(journal.items.work(job(), items[2]!.seen, 10)).toMatchObject([{ file: "b.jpg", state: "queued" }]);
  });

  test("refuses a file that a newer version has written", () => {
    Journal.open(path)[Symbol.dispose]();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(() => Journal.open(path)).toThrow(expect.objectContaining({ code: "config.invalid" }));
  });
});

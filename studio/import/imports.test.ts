import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ItemView } from "#contracts/ipc.ts";
import { markKey } from "#contracts/mark.ts";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { FakeServer, type FakeServerOptions } from "../../test/fakes/fake-server.ts";
import { textOperator } from "../../test/fixtures/mark-operators.ts";
import { Journal } from "../journal/journal.ts";
import { Imports } from "./imports.ts";

const MIB = 1024 * 1024;
/** Waits take no time here; what is tested is what happens, not when. */
const clock = { now: systemClock.now, sleep: (_ms: number, options = {}) => systemClock.sleep(1, options) };
const patientClock = {
  ...clock,
  sleep: (ms: number, options = {}) => systemClock.sleep(ms >= 30_000 ? ms : 1, options),
};

let folder: string;
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "platemark-imports-"));
  folder = join(home, "pictures");
  await mkdir(folder);
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function open(server: FakeServer) {
  const journal = Journal.open(join(home, "journal.sqlite"));
  const imports = new Imports({
    journal,
    controlPlane: server.controlPlane,
    transport: server.transport,
    clock: patientClock,
    random: systemRandom,
    logger: silentLogger,
  });
  const settled: ItemView[] = [];
  imports.onSettled((items) => settled.push(...items));
  await imports.start({ signal: new AbortController().signal });
  return {
    imports,
    journal,
    settled,
    async [Symbol.asyncDispose]() {
      await imports[Symbol.asyncDispose]();
      journal[Symbol.dispose]();
    },
  };
}

/** One whole import in a process of its own, as it were. */
async function run(server: FakeServer) {
  await using studio = await open(server);
  const { id } = await studio.imports.begin(folder, { mark: DEFAULT_MARK });
  await studio.imports.finished(id);
  const outcome = (item: ItemView) =>
    item.state === "failed" ? `failed ${item.reason?.code}` : item.already ? "already" : item.state;
  return {
    job: studio.imports.job(id)!,
    outcomes: Object.fromEntries(studio.settled.map((item) => [item.file, outcome(item)])),
    settled: studio.settled,
  };
}

/** What the journal has written down of uploads in parts. */
function openUploads(): unknown[] {
  const database = new DatabaseSync(join(home, "journal.sqlite"), { readOnly: true });
  try {
    return database.prepare("SELECT * FROM uploads").all();
  } finally {
    database.close();
  }
}

const write = (name: string, body: Uint8Array | string) => writeFile(join(folder, name), body);
const server = (options?: FakeServerOptions) => new FakeServer(options);

describe("an import with a template", () => {
  const operator = JSON.stringify(textOperator("© Kern"));
  const mark = { template: "corner", version: createHash("sha256").update(operator).digest("hex") };

  test("has the server keep the template before the first picture names it", async () => {
    await write("a.jpg", "first");
    const fake = server();
    fake.hooks.announce = (items) => {
      expect(items[0]!.markSpec).toBe(markKey(mark));
      expect([...fake.templates.values()]).toEqual([operator]);
    };
    await using studio = await open(fake);
    const { id } = await studio.imports.begin(folder, { mark, operator });
    await studio.imports.finished(id);
    expect(studio.imports.job(id)).toMatchObject({ state: "done", counts: { marked: 1 }, mark });
  });

  test("taken up later, has another server keep the very template that it began with", async () => {
    await write("a.jpg", "first");
    const first = server();
    first.hooks.announce = () => {
      throw new AppError("unavailable", "Gone.", { retry: "backoff" });
    };
    {
      await using studio = await open(first);
      await studio.imports.begin(folder, { mark, operator });
    }
    const second = server();
    await using studio = await open(second);
    await studio.imports.takeUpAll();
    const [job] = studio.imports.jobs();
    await studio.imports.finished(job!.id);
    expect([...second.templates.values()]).toEqual([operator]);
    expect(studio.imports.job(job!.id)).toMatchObject({ state: "done", counts: { marked: 1 } });
  });
});

describe("an import with a template that asks for the picture's number", () => {
  const plain = textOperator("");
  const layer = { ...plain.layers[0]!, value: { kind: "variable", name: "SEQUENCE" } };
  const operator = JSON.stringify({ ...plain, layers: [layer] });
  const version = createHash("sha256").update(operator).digest("hex");
  const mark = { template: "corner", version, values: { JOBCODE: "KERN-117" } };
  /** Sequence by bytes, as announced in one run. */
  async function numbersOf(fake: FakeServer): Promise<Record<string, number>> {
    const numbers: Record<string, number> = {};
    fake.hooks.announce = (items) => {
      for (const { fileName, markSpec } of items) {
        const { sequence, ...rest } = JSON.parse(markSpec) as { sequence: number };
        expect(rest).toEqual(mark);
        numbers[fileName] = sequence;
      }
    };
    await using studio = await open(fake);
    const { id } = await studio.imports.begin(folder, { mark, operator });
    await studio.imports.finished(id);
    return numbers;
  }

  test("gives each its place, the same in every run, and no number twice", async () => {
    const fake = server();
    for (const name of ["b.jpg", "c.jpg"]) await write(name, name);
    expect(await numbersOf(fake)).toEqual({ "b.jpg": 1, "c.jpg": 2 });
    await write("a.jpg", "a.jpg");
    await rm(join(folder, "b.jpg"));
    expect(await numbersOf(fake)).toEqual({ "a.jpg": 3, "c.jpg": 2 });
    await write("b.jpg", "another");
    expect(await numbersOf(fake)).toEqual({ "a.jpg": 3, "b.jpg": 1, "c.jpg": 2 });
  });

  test("gives files with the same bytes one number", async () => {
    for (const name of ["a.jpg", "b.jpg"]) await write(name, "same");
    const numbers = await numbersOf(server());
    expect(new Set(Object.values(numbers)).size).toBe(1);
  });
});

describe("an import", () => {
  test("brings every picture to its mark and says why the others cannot be marked", async () => {
    await mkdir(join(folder, "day 1"));
    await write("a.jpg", "first");
    await write("day 1/b.png", "second");
    await write("c.heic", "apple");
    await write("d.NEF", "nikon");
    await write("e.jpg", "");
    await write("notes.txt", "not a picture");
    await write(".hidden.jpg", "hidden");
    const { job, outcomes, settled } = await run(server());
    expect(outcomes).toEqual({
      "a.jpg": "marked",
      "day 1/b.png": "marked",
      "c.heic": "failed picture.unsupported_heic",
      "d.NEF": "failed picture.unsupported_raw",
      "e.jpg": "failed file.empty",
    });
    expect(settled).toHaveLength(5);
    expect(job).toMatchObject({ state: "done", found: 5, ignored: 1, counts: { marked: 2, failed: 3 } });
    expect(settled.every(({ traceId }) => /^[0-9a-f]{32}$/.test(traceId))).toBe(true);
  });

  test("settles an empty folder", async () => {
    expect(await run(server())).toMatchObject({ job: { state: "done", found: 0 }, settled: [] });
  });

  test("run again sends nothing twice and keeps the trace ids", async () => {
    const fake = server();
    for (let n = 0; n < 300; n++) await write(`${n}.jpg`, `picture ${n}`);
    const first = await run(fake);
    const second = await run(fake);
    expect(fake.puts).toHaveLength(300);
    expect(new Set(Object.values(first.outcomes))).toEqual(new Set(["marked"]));
    expect(new Set(Object.values(second.outcomes))).toEqual(new Set(["already"]));
    expect(second.job).toMatchObject({ already: 300, bytesSent: 0 });
    const traces = (settled: ItemView[]) => new Map(settled.map((item) => [item.file, item.traceId]));
    expect(traces(second.settled)).toEqual(traces(first.settled));
  });

  test("sends identical bytes once: one of them is marked, the others were there already", async () => {
    const fake = server();
    for (let n = 0; n < 20; n++) await write(`${n}.jpg`, "the same");
    const { outcomes } = await run(fake);
    expect(fake.puts).toHaveLength(1);
    expect(Object.values(outcomes).toSorted()).toEqual([...Array(19).fill("already"), "marked"]);
  });

  test("reports copies of a picture that fails with the failure of the first", async () => {
    const fake = server({ marks: false });
    await write("a.jpg", "the same");
    await write("b.jpg", "the same");
    fake.hooks.complete = () =>
      queueMicrotask(() =>
        fake.set("media-1", { state: "failed", error: { code: "picture.corrupt", message: "Broken." } }),
      );
    const { outcomes } = await run(fake);
    expect(outcomes).toEqual({ "a.jpg": "failed picture.corrupt", "b.jpg": "failed picture.corrupt" });
  });

  test("sends a changed file as a new picture", async () => {
    const fake = server();
    await write("a.jpg", "before");
    const first = await run(fake);
    await write("a.jpg", "after!");
    await utimes(join(folder, "a.jpg"), 1_000, 1_000);
    const second = await run(fake);
    expect(second.outcomes).toEqual({ "a.jpg": "marked" });
    expect(second.settled[0]!.traceId).not.toBe(first.settled[0]!.traceId);
    expect(fake.puts).toHaveLength(2);
  });

  test("waits for a server that does not answer, says so, and goes on by itself", async () => {
    const fake = server();
    await write("a.jpg", "picture");
    let refusals = 3;
    fake.hooks.announce = () => {
      if (refusals-- > 0) throw new AppError("unavailable", "Nobody there.", { retry: "backoff" });
    };
    await using studio = await open(fake);
    const waits: (string | undefined)[] = [];
    studio.imports.events.subscribe((_event, payload) => {
      if ("job" in payload) waits.push(payload.job.waitingFor?.code);
    });
    const { id } = await studio.imports.begin(folder, { mark: DEFAULT_MARK });
    await studio.imports.finished(id);
    expect(studio.imports.job(id)).toMatchObject({ state: "done", counts: { marked: 1 }, waitingFor: null });
    expect(refusals).toBe(-1);
  });

  test("begins a picture again when the store received other bytes, and gives up after three rounds", async () => {
    const fake = server();
    await write("a.jpg", "picture");
    fake.hooks.complete = () => {
      fake.objects.set("raw/studio/media-1", new Uint8Array(3));
    };
    const { outcomes } = await run(fake);
    expect(outcomes).toEqual({ "a.jpg": "failed upload.checksum_mismatch" });
    expect(fake.puts).toHaveLength(3);
    fake.hooks = {};
    expect((await run(fake)).outcomes).toEqual({ "a.jpg": "marked" });
  });

  test("asks about everything open after the stream of news was broken", async () => {
    const fake = server({ marks: false });
    await write("a.jpg", "picture");
    let broken = false;
    fake.hooks.complete = () => {
      broken = true;
    };
    fake.hooks.watch = () => {
      if (!broken) return;
      broken = false;
      fake.losesNews = true;
      fake.mark("media-1");
      fake.losesNews = false;
      throw new AppError("unavailable", "Stream lost.", { retry: "backoff" });
    };
    expect((await run(fake)).outcomes).toEqual({ "a.jpg": "marked" });
  });

  test("goes on from now when the server has forgotten the news that it missed", async () => {
    const fake = server({ marks: false });
    await write("a.jpg", "picture");
    let broken = false;
    fake.hooks.complete = () => {
      broken = true;
    };
    const watchedFrom: bigint[] = [];
    fake.hooks.watch = (after) => {
      watchedFrom.push(after);
      if (!broken) return;
      broken = false;
      fake.mark("media-1");
      throw new AppError("not_found", "Events this old are no longer kept.");
    };
    expect((await run(fake)).outcomes).toEqual({ "a.jpg": "marked" });
    expect(watchedFrom.at(-1)).toBeGreaterThan(watchedFrom[0]!);
  });

  test("marks one of several identical pictures that wait for the same mark", async () => {
    const fake = server({ marks: false });
    for (let n = 0; n < 5; n++) await write(`${n}.jpg`, "the same");
    await using studio = await open(fake);
    const { id } = await studio.imports.begin(folder, { mark: DEFAULT_MARK });
    await expect.poll(() => studio.imports.job(id)?.counts.uploaded).toBe(5);
    fake.mark("media-1");
    await studio.imports.finished(id);
    expect(studio.settled.filter(({ already }) => !already)).toHaveLength(1);
    expect(studio.imports.job(id)).toMatchObject({ already: 4, counts: { marked: 5 } });
  });

  test("cancelled keeps what is done, and takes the rest up the next time", async () => {
    const fake = server();
    for (let n = 0; n < 200; n++) await write(`${n}.jpg`, `picture ${n}`);
    {
      await using studio = await open(fake);
      const { id } = await studio.imports.begin(folder, { mark: DEFAULT_MARK });
      fake.hooks.put = () => {
        if (fake.puts.length >= 50) void studio.imports.cancel(id);
      };
      await studio.imports.finished(id);
      expect(studio.imports.job(id)?.state).toBe("cancelled");
    }
    fake.hooks = {};
    const { job } = await run(fake);
    expect(job).toMatchObject({ state: "done", counts: { marked: 200 } });
    expect(new Set(fake.puts).size).toBe(200);
    expect(fake.puts.length).toBeLessThanOrEqual(208);
  });

  test("resumes a large file after its last confirmed part", async () => {
    const fake = server({ multipartFrom: 8 * MIB });
    await write("large.tif", randomBytes(23 * MIB));
    {
      await using studio = await open(fake);
      const { id } = await studio.imports.begin(folder, { mark: DEFAULT_MARK });
      fake.hooks.put = () => {
        if (fake.puts.length === 0) return;
        void studio.imports.cancel(id);
        throw new AppError("aborted", "The network went with the program.");
      };
      await studio.imports.finished(id);
    }
    expect(fake.puts.length).toBeGreaterThanOrEqual(1);
    expect(openUploads()).toMatchObject([{ media_id: "media-1", part_size: 5 * MIB }]);
    fake.hooks = {};
    expect((await run(fake)).outcomes).toEqual({ "large.tif": "marked" });
    expect(new Set(fake.puts).size).toBe(5);
    expect(fake.puts).toHaveLength(5);
    expect(openUploads()).toEqual([]);
  });

  test("tries failed pictures again when asked", async () => {
    const fake = server();
    await write("a.jpg", "first");
    await write("b.jpg", "second");
    await write("c.heic", "never");
    fake.hooks.put = () => {
      throw new AppError("store.refused", "No.");
    };
    await using studio = await open(fake);
    const { id } = await studio.imports.begin(folder, { mark: DEFAULT_MARK });
    await studio.imports.finished(id);
    expect(studio.imports.job(id)?.counts).toEqual({ failed: 3 });
    fake.hooks = {};
    expect(await studio.imports.retry(id, undefined)).toBe(3);
    await studio.imports.finished(id);
    expect(studio.imports.job(id)).toMatchObject({ state: "done", counts: { marked: 2, failed: 1 } });
  });

  test("is taken up where it was when the program ended in the middle", async () => {
    const fake = server({ marks: false });
    await write("a.jpg", "first");
    {
      await using studio = await open(fake);
      const { id } = await studio.imports.begin(folder, { mark: DEFAULT_MARK });
      await expect.poll(() => studio.imports.job(id)?.counts.uploaded).toBe(1);
    }
    fake.mark("media-1");
    await write("b.jpg", "second");
    await using studio = await open(fake);
    await studio.imports.takeUpAll();
    const [job] = studio.imports.jobs();
    await expect.poll(() => fake.rows.size).toBe(2);
    fake.mark("media-2");
    await studio.imports.finished(job!.id);
    expect(studio.imports.job(job!.id)).toMatchObject({ state: "done", counts: { marked: 2 } });
    expect(fake.puts).toHaveLength(2);
  });

  test("forgets an upload that was completed by a run which was killed before it wrote that down", async () => {
    const server = new FakeServer({ multipartFrom: 5 * MIB });
    await writeFile(join(folder, "large.jpg"), randomBytes(6 * MIB));
    await run(server);
    const [mediaId] = server.rows.keys();
    {
      using journal = Journal.open(join(home, "journal.sqlite"));
      const begun = { mediaId: mediaId!, uploadId: "done", partSize: 5 * MIB };
      await journal.commit(() => journal.uploads.begin("fake", begun));
    }
    expect(openUploads()).toHaveLength(1);
    expect((await run(server)).outcomes).toEqual({ "large.jpg": "already" });
    expect(openUploads()).toEqual([]);
  });
});

import { createHash } from "node:crypto";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Mark, markKey } from "#contracts/mark.ts";
import { type MarkJob, markJobKey } from "#contracts/mark-job.ts";
import { type MarkOperator, operatorJson } from "#contracts/mark-operator.ts";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { newTraceId, type Random, systemRandom } from "#kernel/random.ts";
import { templateVersion } from "#template/template-version.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import { unlimited } from "../../server/adapters/memory/rate-limiter.ts";
import { type Database, openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlMediaRepository } from "../../server/adapters/sql/media-repository.ts";
import { createSqlQueue } from "../../server/adapters/sql/queue.ts";
import { createSqlSwapLedger } from "../../server/adapters/sql/swap-ledger.ts";
import { createSqlTemplateRepository } from "../../server/adapters/sql/template-repository.ts";
import { requestMark } from "../../server/services/mark-request.ts";
import type { ImageMarker } from "../../server/services/ports/image-marker.ts";
import type { MediaRepository, MediaRow } from "../../server/services/ports/media-repository.ts";
import type { ObjectStore } from "../../server/services/ports/object-store.ts";
import type { Queue } from "../../server/services/ports/queue.ts";
import type { RateLimiter } from "../../server/services/ports/rate-limiter.ts";
import type { SwapLedger } from "../../server/services/ports/swap-ledger.ts";
import type { TemplateRepository } from "../../server/services/ports/template-repository.ts";
import { createMarkWorker, type MarkWorker, type MarkWorkerOptions } from "../../server/workers/worker.ts";
import { FakeMarker } from "../fakes/fake-marker.ts";
import { FakeProver } from "../fakes/fake-prover.ts";
import { MemoryObjectStore } from "../fakes/memory-object-store.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { textOperator } from "../fixtures/mark-operators.ts";
import { heic, photo } from "../fixtures/pictures/pictures.ts";
import { sqliteTestDatabase, type TestDatabase } from "../support/test-database.ts";

/** The shortest backoff there is. */
const random: Random = { uuid: systemRandom.uuid, float: () => 0 };
const clock = systemClock;

let marker: ImageMarker;
let jpeg: Uint8Array;
beforeAll(async () => {
  marker = createImageMarker({ threads: 2, memoryBudgetBytes: 1e9, logger: new RecordingLogger() });
  jpeg = await photo().jpeg().toBuffer();
});
afterAll(() => marker.close());

let files: TestDatabase;
let database: Database;
let repository: MediaRepository;
let queue: Queue;
let templates: TemplateRepository;
let store: MemoryObjectStore;
let ledger: SwapLedger;
let prover: FakeProver;
let logger: RecordingLogger;
const workers: MarkWorker[] = [];

beforeEach(async () => {
  files = await sqliteTestDatabase();
  logger = new RecordingLogger();
  database = await openDatabase(files.settings, { clock, logger });
  repository = createSqlMediaRepository(database, { clock, random });
  templates = createSqlTemplateRepository(database, { clock });
  queue = createSqlQueue(database, { clock, random, name: "mark" });
  await queue.start();
  ledger = createSqlSwapLedger(database, { clock });
  prover = new FakeProver();
  store = new MemoryObjectStore();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
  await queue.close();
  await repository.close();
  await database.close();
  await files.remove();
});

function startWorker(
  options: Partial<MarkWorkerOptions> = {},
  limiter: RateLimiter = unlimited,
  by = marker,
): MarkWorker {
  const worker = createMarkWorker(
    {
      queue,
      repository,
      templates,
      ledger,
      store: store as unknown as ObjectStore,
      marker: by,
      prover,
      limiter,
      clock,
      random,
      logger,
    },
    { concurrency: 2, originalsBudgetBytes: 1e8, graceMs: 5_000, ...options },
  );
  workers.push(worker);
  worker.start();
  return worker;
}

/** A picture that has just been uploaded: its object, its row, its job in the queue. */
async function uploaded(
  body: Uint8Array = jpeg,
  claimedSha256?: string,
  mark: Mark = DEFAULT_MARK,
): Promise<MediaRow> {
  const id = random.uuid();
  const objectKey = `raw/studio/${id}.jpg`;
  const { sha256, size } = store.seed(objectKey, body);
  const [announced] = await repository.announce([
    {
      id,
      owner: "studio",
      fileName: "vase.jpg",
      size,
      contentType: "image/jpeg",
      sha256: claimedSha256 ?? sha256,
      bucket: store.bucket,
      objectKey,
      traceId: newTraceId(random),
      markSpec: markKey(mark),
    },
  ]);
  const row = await requestMark(repository, announced!.row);
  await relay();
  return row!;
}

async function relay(): Promise<void> {
  const jobs = await repository.outbox(100);
  for (const { key, payload } of jobs) await queue.enqueue(key, payload);
  await repository.outboxDone(jobs.map(({ outboxId }) => outboxId));
}

async function current(row: MediaRow): Promise<MediaRow> {
  return (await repository.get([row.id]))[0]!;
}

const WAIT = { timeout: 15_000, interval: 20 };
const untilState = (row: MediaRow, state: string) =>
  expect.poll(async () => (await current(row)).state, WAIT).toBe(state);
const untilQueueIsEmpty = () =>
  expect.poll(async () => await queue.stats(), WAIT).toMatchObject({ ready: 0, delayed: 0, leased: 0 });

describe("the mark worker", () => {
  test("marks what was uploaded, puts it beside the original and settles the row", async () => {
    const row = await uploaded();
    startWorker();
    await untilState(row, "marked");
    await untilQueueIsEmpty();
    const markedKey = row.objectKey.replace("raw/", "watermarked/");
    expect(await current(row)).toMatchObject({ markedKey, errorCode: null });
    const marked = store.objects.get(markedKey)!;
    expect(await sharp(marked.body).metadata()).toMatchObject({ format: "jpeg", width: 240, height: 160 });
    expect(marked.options).toMatchObject({
      contentType: "image/jpeg",
      sha256: createHash("sha256").update(marked.body).digest("hex"),
      metadata: { "trace-id": row.traceId, "source-sha256": row.sha256 },
    });
    const kinds = (await repository.eventsAfter(0, { owner: "studio", limit: 10 })).map(({ kind }) => kind);
    expect(kinds.slice(-2)).toEqual(["media.marking", "media.marked"]);
    for (const event of ["mark.started", "mark.finished"])
      expect(logger.of(event)).toMatchObject([
        { fields: { traceId: row.traceId, jobId: expect.any(String) } },
      ]);
  });

  test("marks with the template in the version that the job has pinned, worked out for its picture", async () => {
    const template = async (layer: object, name: string) => {
      const plain = textOperator("");
      const operator = { ...plain, name, layers: [{ ...plain.layers[0]!, ...layer }] } as MarkOperator;
      const version = templateVersion(operator);
      await templates.put({ version, name, operator: operatorJson(operator) });
      return { template: name, version };
    };
    const ofFile = await template({ value: { kind: "variable", name: "FILE.NAME" } }, "file-name");
    const plain = await template({ value: { kind: "literal", value: "plain text" } }, "plain");
    const variable = (name: string) => ({ kind: "variable", name }) as const;
    const parts = [variable("JOBCODE"), variable("SEQUENCE"), variable("user_id")];
    const ofJob = await template({ value: { kind: "text", parts } }, "of-job");
    const said = { values: { JOBCODE: "KERN-117 " }, sequence: 12 };
    const rows = [
      await uploaded(Buffer.from("1"), undefined, ofFile),
      await uploaded(Buffer.from("2"), undefined, plain),
      await uploaded(Buffer.from("3"), undefined, { ...DEFAULT_MARK, text: "of settings" }),
      await uploaded(Buffer.from("4"), undefined, { ...ofJob, ...said }),
      await uploaded(Buffer.from("5"), undefined, { ...ofJob, sequence: 13 }),
    ];
    startWorker({}, unlimited, new FakeMarker());
    for (const row of rows) await untilState(row, "marked");
    const texts = rows.map(({ objectKey }) => {
      const { body } = store.objects.get(objectKey.replace("raw/", "watermarked/"))!;
      return Buffer.from(body).toString().split(" on ")[0];
    });
    expect(texts).toEqual(["vase", "plain text", "of settings", "KERN-117 12studio", "13studio"]);
    const proven = new Map(prover.asked.map(({ template: { name, version } }) => [name, version]));
    expect(proven.get("file-name")).toBe(ofFile.version);
    expect(proven.get("plain")).toBe(plain.version);
    expect(proven.get("settings")).toMatch(/^[0-9a-f]{64}$/);
  });

  test("says of a picture whose template nobody keeps that this is so, and goes on with the next", async () => {
    const lost = await uploaded(jpeg, undefined, { template: "lost", version: "0".repeat(64) });
    startWorker();
    await untilState(lost, "failed");
    expect(await current(lost)).toMatchObject({ errorCode: "template.unknown" });
    await untilState(await uploaded(await photo().jpeg({ quality: 70 }).toBuffer()), "marked");
  });

  test("a job that comes again after it was done is acknowledged without work", async () => {
    const row = await uploaded();
    startWorker();
    await untilState(row, "marked");
    await untilQueueIsEmpty();
    const { requests } = store;
    const { id: mediaId, owner, bucket, objectKey, sha256, size, traceId } = row;
    const job: MarkJob = { mediaId, owner, bucket, objectKey, sha256, size, mark: DEFAULT_MARK, traceId };
    await queue.enqueue("again", job);
    await expect.poll(() => logger.of("mark.dropped").length, WAIT).toBe(1);
    await untilQueueIsEmpty();
    expect(store.requests).toBe(requests);
  });

  test("a job whose mark the row no longer wants is dropped, the new one is done", async () => {
    const row = await uploaded();
    const other = { ...DEFAULT_MARK, text: "© Other" };
    await requestMark(repository, row, { markSpec: markKey(other), traceId: row.traceId });
    await relay();
    startWorker({ concurrency: 1 });
    await untilState(row, "marked");
    await untilQueueIsEmpty();
    expect(logger.of("mark.dropped")).toHaveLength(1);
    expect(logger.of("mark.finished")).toHaveLength(1);
    const expected = await marker.mark(jpeg, { mark: other });
    expect(store.objects.get((await current(row)).markedKey!)!.body).toEqual(expected.body);
  });

  test("a picture that cannot be marked is written down with its reason, and not tried again", async () => {
    const rows = [await uploaded(heic()), await uploaded(jpeg.subarray(0, 900))];
    startWorker();
    for (const row of rows) await untilState(row, "failed");
    await untilQueueIsEmpty();
    expect(await current(rows[0]!)).toMatchObject({
      errorCode: "picture.unsupported_heic",
      errorMessage: expect.stringContaining("HEIC"),
    });
    expect(await current(rows[1]!)).toMatchObject({ errorCode: "picture.truncated" });
    expect((await queue.stats()).dead).toBe(0);
  });

  test("an original that is not what was sent is not marked", async () => {
    const row = await uploaded(jpeg, "0".repeat(64));
    startWorker();
    await untilState(row, "failed");
    expect(await current(row)).toMatchObject({ errorCode: "upload.checksum_mismatch" });
    expect([...store.objects.keys()].filter((key) => key.startsWith("watermarked/"))).toEqual([]);
  });

  test("waits for a store that is away, for as long as it is, and uses up no try", async () => {
    const row = await uploaded();
    store.failing = 6;
    startWorker({ awayDelayMs: 20 });
    await untilState(row, "marked");
    expect(logger.of("mark.started").map(({ fields }) => fields.attempt)).toEqual([1, 1, 1, 1, 1, 1, 1]);
    expect(logger.of("mark.postponed")).toHaveLength(6);
  });

  test("is tried again after a fault of the moment", async () => {
    const row = await uploaded();
    let faults = 2;
    const faulty: ImageMarker = {
      ...marker,
      mark: async (...call) => {
        if (faults-- > 0) throw new AppError("internal", "A thread has ended.");
        return marker.mark(...call);
      },
    };
    startWorker({}, unlimited, faulty);
    await untilState(row, "marked");
    expect(logger.of("mark.started").map(({ fields }) => fields.attempt)).toEqual([1, 2, 3]);
  });

  test("whose mark is asked for anew is not failed by what the older try ends in", async () => {
    const row = await uploaded();
    const drawing = Promise.withResolvers<void>();
    const fate = Promise.withResolvers<never>();
    let tries = 0;
    const failingFirst: ImageMarker = {
      ...marker,
      mark: (...call) => {
        if (++tries > 1) return marker.mark(...call);
        drawing.resolve();
        return fate.promise;
      },
    };
    const worker = startWorker({ concurrency: 1 }, unlimited, failingFirst);
    await drawing.promise;
    await requestMark(repository, await current(row));
    fate.reject(new AppError("picture.corrupt", "Damaged on the way."));
    await worker[Symbol.asyncDispose]();
    expect(await current(row)).toMatchObject({ state: "uploaded", errorCode: null });
    await relay();
    startWorker();
    await untilState(row, "marked");
  });

  test("gives up after three retries, and says that the original is safe", async () => {
    const row = await uploaded();
    const faulty: ImageMarker = {
      ...marker,
      mark: () => Promise.reject(new AppError("internal", "A thread has ended.")),
    };
    startWorker({}, unlimited, faulty);
    await untilState(row, "failed");
    expect(await current(row)).toMatchObject({
      errorCode: "mark.gave_up",
      errorMessage: expect.stringMatching(/tried 4 times.*original is safe/),
    });
    await expect.poll(async () => (await queue.stats()).dead, WAIT).toBe(1);
  });

  test("keeps its claim while it works for longer than the claim lasts", async () => {
    const row = await uploaded();
    const gate = Promise.withResolvers<void>();
    startWorker({ visibilityMs: 300 }, { acquire: () => gate.promise, async close() {} });
    await untilState(row, "marking");
    expect(await queue.take(1, { visibilityMs: 1000, waitMs: 1000 })).toEqual([]);
    gate.resolve();
    await untilState(row, "marked");
    expect(logger.of("mark.started")).toHaveLength(1);
  });

  test("gives back what it has in hand when it is stopped and cannot finish", async () => {
    const row = await uploaded();
    const never: RateLimiter = {
      acquire: ({ signal } = {}) =>
        new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true }),
        ),
      async close() {},
    };
    const worker = startWorker({ graceMs: 50 }, never);
    await untilState(row, "marking");
    await worker[Symbol.asyncDispose]();
    expect(await queue.stats()).toMatchObject({ ready: 1, leased: 0 });
    startWorker();
    await untilState(row, "marked");
  });

  test("a job that was buried while nobody could say so is told to its row", async () => {
    const row = await uploaded();
    const [lease] = await queue.take(1, { visibilityMs: 60_000, waitMs: 0 });
    expect(lease!.key).toBe(markJobKey(row.id, row.version));
    await queue.bury(lease!, "The worker died.");
    startWorker();
    await untilState(row, "failed");
    expect(await current(row)).toMatchObject({ errorCode: "mark.gave_up" });
  });

  test("something that is no mark job is buried, and the worker lives on", async () => {
    await queue.enqueue("odd", { hello: "world" });
    const row = await uploaded();
    startWorker();
    await untilState(row, "marked");
    await expect.poll(async () => (await queue.stats()).dead, WAIT).toBe(1);
  });
});

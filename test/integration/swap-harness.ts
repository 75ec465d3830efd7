import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { Client } from "minio";
import { expect } from "vitest";
import { markKey } from "#contracts/mark.ts";
import { markSpecSchema } from "#contracts/mark-spec.ts";
import { ByteBudget } from "#kernel/byte-budget.ts";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import { SharedBuffers } from "#kernel/shared-buffers.ts";
import { unlimited } from "../../server/adapters/memory/rate-limiter.ts";
import type { Connections } from "../../server/connections.ts";
import type { MediaRow } from "../../server/services/ports/media-repository.ts";
import type { ObjectStore } from "../../server/services/ports/object-store.ts";
import type { Lease } from "../../server/services/ports/queue.ts";
import { SnapshotCleanup } from "../../server/services/snapshot-cleanup.ts";
import { type JobOutcome, type MarkWorkerDeps, runJob } from "../../server/workers/job-run.ts";
import { PinnedTemplates } from "../../server/workers/pinned-templates.ts";
import { FakeMarker } from "../fakes/fake-marker.ts";
import { FakeProver, type FakeRecord } from "../fakes/fake-prover.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import {
  type Installation,
  type RunningServer,
  send,
  startServer,
  testFile,
  USER,
} from "./server-harness.ts";

export const DAY_MS = 24 * 3_600_000;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A server without workers, its data, and what tests of swaps ask about them. */
export class SwapBench implements AsyncDisposable {
  readonly server: RunningServer;
  readonly data: Connections;
  readonly #installation: Installation;

  private constructor(installation: Installation, server: RunningServer, data: Connections) {
    this.#installation = installation;
    this.server = server;
    this.data = data;
  }

  static async open(install: () => Promise<Installation>): Promise<SwapBench> {
    const installation = await install();
    const server = await startServer(installation);
    return new SwapBench(installation, server, await server.open());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.data.close();
    await this.server[Symbol.asyncDispose]();
    await this.#installation[Symbol.asyncDispose]();
  }

  /** A new picture in the store, in line for a mark with this text. */
  async upload(text: string): Promise<MediaRow> {
    const file = testFile(2_000, { markSpec: markSpec(text) });
    const client = this.server.client();
    const [ticket] = (await client.uploads.createUploads({ items: [file.announcement] })).items;
    if (ticket!.how.case !== "put") throw new Error("no PUT");
    await send(ticket!.how.value, file.bytes);
    await client.uploads.completeUploads({ items: [{ mediaId: ticket!.mediaId }] });
    return this.row(ticket!.mediaId);
  }

  /** Asks for another mark on a picture that the store has. */
  async remark({ fileName, size, contentType, sha256, traceId }: MediaRow, text: string): Promise<void> {
    const item = { fileName, size: BigInt(size), contentType, sha256, traceId, markSpec: markSpec(text) };
    await this.server.client().uploads.createUploads({ items: [item] });
  }

  async row(id: string): Promise<MediaRow> {
    return (await this.data.repository.get([id]))[0]!;
  }

  deps(overrides: Partial<MarkWorkerDeps> = {}): MarkWorkerDeps {
    return {
      ...this.data,
      marker: new FakeMarker(),
      prover: new FakeProver(),
      limiter: unlimited,
      clock: systemClock,
      random: systemRandom,
      logger: new RecordingLogger(),
      ...overrides,
    };
  }

  async take(): Promise<Lease> {
    const [lease] = await this.data.queue.take(1, { visibilityMs: 60_000, waitMs: 10_000 });
    return lease!;
  }

  /** Does the next job in the queue. */
  async work(overrides: Partial<MarkWorkerDeps> = {}, lease?: Lease): Promise<JobOutcome> {
    const never = new AbortController().signal;
    const deps = this.deps(overrides);
    const holdings = {
      originals: new ByteBudget(1e8),
      buffers: new SharedBuffers(1e8),
      templates: new PinnedTemplates(deps.templates),
      awayDelayMs: 1,
    };
    return runJob(lease ?? (await this.take()), deps, holdings, never);
  }

  /** A picture marked with these texts, one after the other. */
  async marked(...texts: string[]): Promise<MediaRow> {
    const row = await this.upload(texts[0]!);
    expect(await this.work()).toBe("marked");
    for (const text of texts.slice(1)) {
      await this.remark(row, text);
      expect(await this.work()).toBe("marked");
    }
    return this.row(row.id);
  }

  /** What anybody reads at the public address; `null` when nothing is there. */
  async visible({ objectKey }: MediaRow): Promise<string | null> {
    const { endpoint, bucket } = this.server.connections.store;
    const answer = await fetch(`${endpoint}/${bucket}/${objectKey.replace("raw/", "watermarked/")}`);
    if (answer.status === 404 || answer.status === 403) return null;
    expect(answer.status).toBe(200);
    return answer.text();
  }

  /** The text of the mark that anybody sees; fails when it has no proof record in the store. */
  async seen(row: MediaRow): Promise<string | null> {
    const visible = await this.visible(row);
    if (visible === null) return null;
    const records = await Promise.all(
      (await this.keys(row)).filter((key) => key.startsWith("proofs/")).map((key) => this.record(key)),
    );
    expect(records.map(({ marked }) => marked)).toContain(sha256(Buffer.from(visible)));
    expect(records[0]!.original).toBe(row.sha256);
    return visible.split(" on ")[0]!;
  }

  async record(key: string): Promise<FakeRecord> {
    return JSON.parse((await this.text(key)) as string) as FakeRecord;
  }

  async text(key: string): Promise<string> {
    return (await buffer((await this.data.store.get(key)).body)).toString();
  }

  /** All objects that belong to a picture. */
  async keys({ id }: MediaRow): Promise<string[]> {
    const { endpoint, bucket, accessKey, secretKey } = this.server.connections.store;
    const url = new URL(endpoint);
    const client = new Client({
      endPoint: url.hostname,
      port: Number(url.port),
      useSSL: false,
      accessKey,
      secretKey,
    });
    const keys: string[] = [];
    for await (const { name } of client.listObjectsV2(bucket, "", true))
      if (name.includes(id)) keys.push(name);
    return keys.toSorted();
  }

  cleanup(
    options: {
      readonly laterMs?: number;
      readonly logger?: RecordingLogger;
      readonly store?: ObjectStore;
    } = {},
  ): SnapshotCleanup {
    const { laterMs = 25 * 3_600_000, logger = new RecordingLogger(), store = this.data.store } = options;
    const clock = { now: () => Date.now() + laterMs, sleep: systemClock.sleep };
    return new SnapshotCleanup({ ...this.data, store, clock, logger }, { keepMs: 30 * DAY_MS });
  }

  /** Row and store say the same, and nothing else of the picture is in the store; after what dead workers left is gone. */
  async expectConsistent(id: string, expected: { text: string | null; snapshots: string[] }): Promise<void> {
    // The first brings them to an end, the second forgets them.
    for (let passes = 0; passes < 2; passes++)
      expect(await this.cleanup().pass()).toMatchObject({ failed: 0 });
    const row = await this.row(id);
    expect(await this.seen(row)).toBe(expected.text);
    const visible = await this.visible(row);
    expect(row.published?.sha256 ?? null).toBe(visible === null ? null : sha256(Buffer.from(visible)));
    const kept = await this.data.ledger.snapshotsOf(id);
    const texts = await Promise.all(kept.map(({ snapshot }) => this.text(snapshot.key)));
    expect(texts.map((text) => text.split(" on ")[0])).toEqual(expected.snapshots);
    const proofs = new Set(kept.map(({ snapshot }) => snapshot.proven!.proofKey));
    if (row.published) proofs.add(row.published.proofKey);
    const keys = await this.keys(row);
    expect(keys.filter((key) => !key.startsWith("proofs/"))).toEqual(
      [
        row.objectKey,
        ...kept.map(({ snapshot }) => snapshot.key),
        ...(visible === null ? [] : [row.markedKey!]),
      ].toSorted(),
    );
    for (const key of proofs) expect(keys).toContain(key);
    expect(await this.data.ledger.stale(Number.MAX_SAFE_INTEGER, 100)).toEqual([]);
    const abandonedMs = Number.MAX_SAFE_INTEGER;
    expect(await this.data.ledger.removable({ abandonedMs, doneMs: 0 }, 100)).toEqual([]);
  }

  get user(): string {
    return USER;
  }
}

export function markSpec(text: string): string {
  return markKey(markSpecSchema.parse({ text }));
}

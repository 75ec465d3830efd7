import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type StoreClient, tag } from "../support/embedded-store.ts";
import { type StoreChild, startStoreChild } from "../support/store-child.ts";

/** Twenty before a release: PLATEMARK_STORE_KILLS=20. */
const KILLS = Number(process.env.PLATEMARK_STORE_KILLS ?? 6);
const MIB = 1024 * 1024;
const BUCKET = "crash";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What a key must hold: the last acknowledged body, or one that was on its way when the store died. */
class Ledger {
  readonly #acknowledged = new Map<string, string>();
  readonly #underWay = new Map<string, string>();
  acknowledgements = 0;

  begin(key: string, hash: string): void {
    this.#underWay.set(key, hash);
  }

  acknowledge(key: string): void {
    this.#acknowledged.set(key, this.#underWay.get(key)!);
    this.#underWay.delete(key);
    this.acknowledgements++;
  }

  keys(): string[] {
    return Array.from(new Set([...this.#acknowledged.keys(), ...this.#underWay.keys()]));
  }

  /** `null`: the key holds nothing. The answer becomes what must stay from now on. */
  allows(key: string, found: string | null): boolean {
    const allowed = [this.#acknowledged.get(key) ?? null, this.#underWay.get(key)];
    this.#underWay.delete(key);
    if (found !== null) this.#acknowledged.set(key, found);
    return allowed.includes(found);
  }
}

/** Puts new keys and overwrites old ones until the store dies. */
async function putUntilDeath(client: StoreClient, ledger: Ledger, lane: string): Promise<void> {
  for (let turn = 0; ; turn++) {
    const key = turn % 3 === 0 ? `over/${lane}` : `new/${lane}/${turn}-${randomBytes(3).toString("hex")}`;
    const body = randomBytes(turn % 5 === 0 ? 0 : 1 + Math.floor(Math.random() * 80_000));
    ledger.begin(key, sha256(body));
    await client.must("PUT", BUCKET, key, { body });
    ledger.acknowledge(key);
  }
}

/** Uploads in parts, over one key and on new ones, until the store dies. */
async function multipartUntilDeath(client: StoreClient, ledger: Ledger): Promise<void> {
  for (let turn = 0; ; turn++) {
    const key = turn % 2 === 0 ? "multipart/over" : `multipart/${randomBytes(4).toString("hex")}`;
    const bodies = [Buffer.alloc(5 * MIB, randomBytes(64)), randomBytes(1000 + turn)];
    const created = await client.must("POST", BUCKET, key, { query: { uploads: "" } });
    const uploadId = tag(created.text, "UploadId")!;
    const etags = await Promise.all(
      bodies.map(async (body, index) => {
        const query = { partNumber: String(index + 1), uploadId };
        return (await client.must("PUT", BUCKET, key, { query, body })).headers.get("etag");
      }),
    );
    const xml = etags
      .map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
      .join("");
    ledger.begin(key, sha256(Buffer.concat(bodies)));
    const body = `<CompleteMultipartUpload>${xml}</CompleteMultipartUpload>`;
    await client.must("POST", BUCKET, key, { query: { uploadId }, body });
    ledger.acknowledge(key);
  }
}

/** Runs the load and kills the store, without a word, after so many acknowledgements. */
async function loadAndKill(store: StoreChild, ledger: Ledger, acknowledgements: number): Promise<void> {
  const end = ledger.acknowledgements + acknowledgements;
  let killed: Promise<void> | undefined;
  const watching: Ledger = new Proxy(ledger, {
    get: (target, name) => {
      if (name === "acknowledge" && target.acknowledgements >= end) killed ??= store.kill("SIGKILL");
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const lanes = ["a", "b", "c", "d"].map((lane) => putUntilDeath(store.client, watching, lane));
  const outcomes = await Promise.allSettled([...lanes, multipartUntilDeath(store.client, watching)]);
  expect(outcomes.map(({ status }) => status)).not.toContain("fulfilled");
  expect(killed, String((outcomes[0] as PromiseRejectedResult).reason)).toBeDefined();
  await killed;
}

describe(`a store that is killed ${KILLS} times under load`, () => {
  let dataDir: string;
  beforeAll(() => {
    dataDir = mkdtempSync(join(tmpdir(), "platemark-store-kill-"));
  });
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  test("loses and tears nothing that it acknowledged, and keeps no orphans", {
    timeout: 600_000,
  }, async () => {
    const ledger = new Ledger();
    let store = await startStoreChild(dataDir);
    await store.client.must("PUT", BUCKET);
    for (let kill = 0; kill < KILLS; kill++) {
      await loadAndKill(store, ledger, 10 + Math.floor(Math.random() * 40));
      store = await startStoreChild(dataDir);
      for (const key of ledger.keys()) {
        const answer = await store.client.call("GET", BUCKET, key);
        expect([200, 404]).toContain(answer.status);
        const found = answer.status === 200 ? sha256(answer.body) : null;
        expect(ledger.allows(key, found), `${key} after kill ${kill + 1}`).toBe(true);
      }
    }
    await store.swept;
    await store.kill("SIGTERM");
    expect(readdirSync(join(dataDir, "tmp"))).toEqual([]);
    const files = readdirSync(join(dataDir, "blobs")).flatMap((shard) =>
      readdirSync(join(dataDir, "blobs", shard)),
    );
    const db = new DatabaseSync(join(dataDir, "index.sqlite"));
    const referred = db.prepare("SELECT id FROM blobs").all() as { id: string }[];
    const integrity = db.prepare("PRAGMA integrity_check").get();
    db.close();
    expect(files.toSorted()).toEqual(referred.map(({ id }) => id).toSorted());
    expect(integrity).toEqual({ integrity_check: "ok" });
  });
});

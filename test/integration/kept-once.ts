import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { Client } from "minio";
import { expect } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { createObjectStoreServer } from "../../server/store/index.ts";
import { loadStoreKeys } from "../../server/store-keys.ts";
import { picture } from "./cli-harness.ts";

const BUCKET = "ecommerce-images";

/** A JPEG that goes in parts: its comments fill 9 MiB. */
export async function largePicture(): Promise<Buffer> {
  const base = await picture("large");
  const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0xff, 0xff]), Buffer.alloc(65_533, 0x20)]);
  return Buffer.concat([base.subarray(0, 2), ...Array(144).fill(comment), base.subarray(2)]);
}

function rows(path: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(sql).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

/** What the embedded store holds below a prefix: SHA-256 by key. */
async function stored(home: string, prefix: string): Promise<Map<string, string>> {
  const credentials = await loadStoreKeys(join(home, "store-keys.json"));
  await using store = createObjectStoreServer({
    dataDir: join(home, "store"),
    port: 0,
    credentials: [credentials],
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  const { hostname, port } = new URL((await store.start()).url);
  const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, ...credentials });
  const found = new Map<string, string>();
  for await (const { name } of client.listObjectsV2(BUCKET, prefix, true)) {
    const digest = createHash("sha256");
    for await (const chunk of await client.getObject(BUCKET, name)) digest.update(chunk);
    found.set(name, digest.digest("hex"));
  }
  return found;
}

/**
 * After all the kills: every file is in the journal, the database and the store, and none of them twice.
 * `files` are paths below `pictures`; the server's home holds the embedded database and store.
 */
export async function expectKeptOnce(import_: {
  readonly pictures: string;
  readonly files: readonly string[];
  readonly clientHome: string;
  readonly serverHome: string;
}): Promise<void> {
  const { pictures, files, clientHome, serverHome } = import_;
  const journal = join(clientHome, "journal.sqlite");
  expect(
    rows(journal, "SELECT state, count(*) AS n FROM items WHERE settled_run = run GROUP BY state"),
  ).toEqual([{ state: "marked", n: files.length }]);
  expect(rows(journal, "SELECT * FROM parts")).toEqual([]);
  expect(rows(journal, "SELECT * FROM uploads")).toEqual([]);

  const media = rows(join(serverHome, "server.sqlite"), "SELECT * FROM media_files");
  expect(media).toHaveLength(files.length);
  expect(new Set(media.map(({ state }) => state))).toEqual(new Set(["marked"]));
  expect(new Set(media.map(({ sha256 }) => sha256)).size).toBe(files.length);

  const originals = await stored(serverHome, "raw/");
  const local = await Promise.all(
    files.map(async (file) =>
      createHash("sha256")
        .update(await readFile(join(pictures, file)))
        .digest("hex"),
    ),
  );
  expect([...originals.values()].toSorted()).toEqual(local.toSorted());
  expect(await stored(serverHome, "watermarked/")).toHaveProperty("size", files.length);
}

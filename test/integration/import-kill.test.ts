import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "@photostructure/sqlite";
import { Client } from "minio";
import { describe, expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { createObjectStoreServer } from "../../server/store/index.ts";
import { loadStoreKeys } from "../../server/store-keys.ts";
import { CliWorld, killGroup, picture } from "./cli-harness.ts";

/** `kill -9` so often; more of them by PLATEMARK_KILLS. */
const KILLS = Number(process.env.PLATEMARK_KILLS ?? 3);
const SMALL = 60;
/** Milliseconds within which a kill comes. A picture is killed in every stage there is. */
const WITHIN_MS = 4_000;
const BUCKET = "ecommerce-images";

/** A JPEG that goes in parts: its comments fill 9 MiB. */
async function largePicture(): Promise<Buffer> {
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

describe("an import that is killed", () => {
  test(
    `${KILLS} times with kill -9 loses nothing and does nothing twice, in journal, database and store`,
    async () => {
      await using world = await CliWorld.make();
      const names = Array.from({ length: SMALL }, (_, n) => `day ${n % 3}/${n}.jpg`);
      await world.addPictures(names);
      await world.addFile("large.jpg", await largePicture());
      const files = [...names, "large.jpg"];
      let killed = 0;
      for (let n = 0; n < KILLS; n++) {
        const running = world.start(["import", world.pictures, "--json"]);
        await Promise.race([sleep(Math.random() * WITHIN_MS), running.finished]);
        if (running.process.exitCode === null) killed++;
        killGroup(running.process);
        await running.finished;
      }
      expect(killed).toBeGreaterThan(0);

      const last = await world.importPictures();
      expect(last.stderr).toBe("");
      expect(last.code).toBe(0);
      expect(Object.keys(last.pictures).toSorted()).toEqual(files.toSorted());
      expect(last.events.filter(({ event }) => event === "picture")).toHaveLength(files.length);

      const journal = join(world.home, "journal.sqlite");
      expect(
        rows(journal, "SELECT state, count(*) AS n FROM items WHERE settled_run = run GROUP BY state"),
      ).toEqual([{ state: "marked", n: files.length }]);
      expect(rows(journal, "SELECT * FROM parts")).toEqual([]);
      expect(rows(journal, "SELECT * FROM uploads")).toEqual([]);

      const media = rows(join(world.home, "server.sqlite"), "SELECT * FROM media_files");
      expect(media).toHaveLength(files.length);
      expect(new Set(media.map(({ state }) => state))).toEqual(new Set(["marked"]));
      expect(new Set(media.map(({ sha256 }) => sha256)).size).toBe(files.length);

      const originals = await stored(world.home, "raw/");
      const local = await Promise.all(
        files.map(async (file) =>
          createHash("sha256")
            .update(await readFile(join(world.pictures, file)))
            .digest("hex"),
        ),
      );
      expect([...originals.values()].toSorted()).toEqual(local.toSorted());
      expect(await stored(world.home, "watermarked/")).toHaveProperty("size", files.length);
    },
    60_000 + KILLS * 30_000,
  );
});

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import { SeededRandom } from "../../../test/fakes/seeded-random.ts";
import { BreakableProxy } from "../../../test/support/breakable-proxy.ts";
import { describeReal, real } from "../../../test/support/real-components.ts";
import {
  postgresTestDatabase,
  sqliteTestDatabase,
  type TestDatabase,
} from "../../../test/support/test-database.ts";
import { openDatabase } from "./database.ts";
import { migrations } from "./migrations/all.ts";
import { createSqlQueue } from "./queue.ts";

function suite(makeDatabase: () => Promise<TestDatabase>) {
  let place: TestDatabase;
  beforeEach(async () => {
    place = await makeDatabase();
  });
  afterEach(() => place.remove());

  test("makes its tables once, when several open it at once and when it is opened again", async () => {
    const first = await Promise.all(Array.from({ length: 6 }, () => openDatabase(place.settings)));
    first.push(await openDatabase(place.settings));
    const ids = await Promise.all(
      first.map((database) => database.read((db) => db.selectFrom("meta").selectAll().execute())),
    );
    expect(new Set(ids.map((rows) => JSON.stringify(rows))).size).toBe(1);
    const applied = await first[0]!.read((db) =>
      sql<{ name: string }>`select name from schema_migrations order by name`.execute(db),
    );
    expect(applied.rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
    for (const database of first) await database.close();
  });

  test("a transaction that throws leaves nothing", async () => {
    const database = await openDatabase(place.settings);
    const work = database.write(async (trx) => {
      await trx.insertInto("meta").values({ name: "half", value: "done" }).execute();
      throw new Error("stop");
    });
    await expect(work).rejects.toMatchObject({ code: "internal" });
    const rows = await database.read((db) =>
      db.selectFrom("meta").selectAll().where("name", "=", "half").execute(),
    );
    expect(rows).toEqual([]);
    await database.close();
  });

  test("writers on several connections wait for each other and lose nothing", async () => {
    const databases = await Promise.all([1, 2, 3].map(() => openDatabase(place.settings)));
    const add = (n: number) =>
      databases[n % 3]!.write(async (trx) => {
        const { value } = await trx
          .updateTable("counters")
          .set((eb) => ({ value: eb("value", "+", 1) }))
          .where("name", "=", "media_events")
          .returning("value")
          .executeTakeFirstOrThrow();
        return value;
      });
    const values = await Promise.all(Array.from({ length: 90 }, (_, n) => add(n)));
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 90 }, (_, n) => n + 1));
    for (const database of databases) await database.close();
  });

  test("refuses a database that a newer version has changed", async () => {
    const database = await openDatabase(place.settings);
    await database.write((trx) =>
      sql`insert into schema_migrations (name) values ('9999-future')`.execute(trx),
    );
    await database.close();
    await expect(openDatabase(place.settings)).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringContaining("newer version"),
    });
  });
}

describe("database on SQLite", () => suite(sqliteTestDatabase));
describeReal("database on PostgreSQL", ["postgres"], () => suite(postgresTestDatabase));

describe("SQLite file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-db-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("is written in WAL mode with every commit synced, its folder made where there is none", async () => {
    const database = await openDatabase({ kind: "sqlite", path: join(folder, "new", "a b", "server.db") });
    const pragma = async (name: string) =>
      (await database.read((db) => sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(db))).rows[0];
    expect(await pragma("journal_mode")).toEqual({ journal_mode: "wal" });
    expect(await pragma("synchronous")).toEqual({ synchronous: 2 });
    await database.close();
    expect(await readdir(join(folder, "new", "a b"))).toEqual(["server.db"]);
  });

  test("that is something else is named as what it is, and left alone", async () => {
    const path = join(folder, "server.db");
    await writeFile(path, "this is a letter, not a database. ".repeat(100));
    await expect(openDatabase({ kind: "sqlite", path })).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringContaining("not a database"),
    });
  });

  test("that is a folder cannot be opened", async () => {
    await expect(openDatabase({ kind: "sqlite", path: folder })).rejects.toMatchObject({
      code: "config.invalid",
    });
  });
});

describe("PostgreSQL URL", () => {
  test("where nothing listens is unavailable, and the password stays out of the error", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const url = `postgres://somebody:geheim@127.0.0.1:${port}/nothing`;
    const error = await openDatabase({ kind: "postgres", url }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "unavailable", retry: "backoff" });
    expect(String(error)).not.toContain("geheim");
  });

  test("that is none is a wrong setting", async () => {
    await expect(openDatabase({ kind: "postgres", url: "postgres://[" })).rejects.toMatchObject({
      code: "config.invalid",
    });
  });

  describeReal("of a real server", ["postgres"], () => {
    test("that names a database which is not there is a wrong setting", async () => {
      const url = new URL(real("postgres")!);
      url.pathname = "/no_such_database";
      await expect(openDatabase({ kind: "postgres", url: url.href })).rejects.toMatchObject({
        code: "config.invalid",
      });
    });

    test("goes on by itself after the connection was lost; a taker that waits notices nothing", async () => {
      const place = await postgresTestDatabase();
      if (place.settings.kind !== "postgres") throw new Error("This test is about PostgreSQL.");
      const url = new URL(place.settings.url);
      await using proxy = await BreakableProxy.to({ host: url.hostname, port: Number(url.port) });
      url.port = String(proxy.port);
      const logger = new RecordingLogger();
      const database = await openDatabase({ kind: "postgres", url: url.href }, { logger });
      const clock = new FakeClock();
      const queue = createSqlQueue(database, { clock, random: new SeededRandom(), name: "mark" });

      const waiting = queue.take(1, { visibilityMs: 1_000, waitMs: 60_000 });
      await clock.whenSleeping();
      proxy.break();
      await expect(queue.enqueue("away", 1)).rejects.toMatchObject({ code: "unavailable", retry: "backoff" });
      await clock.advance(1_000);
      proxy.mend();
      await queue.enqueue("back", 2);
      expect((await clock.runUntil(waiting)).map(({ key }) => key)).toEqual(["back"]);
      expect(logger.text).not.toContain(url.username);

      await queue.close();
      await database.close();
      await place.remove();
    });
  });
});

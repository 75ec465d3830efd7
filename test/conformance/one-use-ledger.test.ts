import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMemoryOneUseLedger } from "../../server/adapters/memory/one-use-ledger.ts";
import { createRedisOneUseLedger } from "../../server/adapters/redis/one-use-ledger.ts";
import { type Database, openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlOneUseLedger } from "../../server/adapters/sql/one-use-ledger.ts";
import type { OneUseLedger } from "../../server/services/ports/one-use-ledger.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { describeReal, real } from "../support/real-components.ts";
import { countRedisKeys, removeRedisKeys } from "../support/redis-keys.ts";
import { postgresTestDatabase, sqliteTestDatabase, type TestDatabase } from "../support/test-database.ts";

interface LedgerFixture {
  /** Another ledger on the same memory, as another process would have it. */
  open(clock: FakeClock): Promise<OneUseLedger>;
  /** Lets time pass for the ledgers. */
  pass(clock: FakeClock, ms: number): Promise<unknown>;
  remove(): Promise<void>;
}

/** What every `OneUseLedger` does. */
function describeLedger(title: string, makeFixture: () => Promise<LedgerFixture>): void {
  describe(title, () => {
    let fixture: LedgerFixture;
    let clock: FakeClock;
    let ledger: OneUseLedger;
    beforeEach(async () => {
      fixture = await makeFixture();
      clock = new FakeClock();
      ledger = await fixture.open(clock);
    });
    afterEach(async () => {
      await ledger.close();
      await fixture.remove();
    });

    test("knows the first use from every other, for each key", async () => {
      const untilMs = clock.now() + 900_000;
      expect(await ledger.use("a", untilMs)).toBe(true);
      expect(await ledger.use("a", untilMs)).toBe(false);
      expect(await ledger.use("a", untilMs + 5_000)).toBe(false);
      expect(await ledger.use("b", untilMs)).toBe(true);
    });

    test("lets one of many at once be the first, over several processes", async () => {
      const other = await fixture.open(clock);
      const untilMs = clock.now() + 900_000;
      const uses = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? ledger : other).use("a", untilMs));
      expect((await Promise.all(uses)).filter(Boolean)).toHaveLength(1);
      await other.close();
    });

    test("remembers until the end, and forgets what is void", async () => {
      expect(await ledger.use("a", clock.now() + 400)).toBe(true);
      expect(await ledger.use("a", clock.now() + 400)).toBe(false);
      await fixture.pass(clock, 500);
      expect(await ledger.use("a", clock.now() + 60_000)).toBe(true);
      expect(await ledger.use("a", clock.now() + 60_000)).toBe(false);
    });
  });
}

async function sqlFixture(test: TestDatabase): Promise<LedgerFixture> {
  const databases: Database[] = [];
  return {
    async open(clock) {
      const database = await openDatabase(test.settings);
      databases.push(database);
      return createSqlOneUseLedger(database, { clock });
    },
    pass: async (clock, ms) => clock.jump(ms),
    async remove() {
      for (const database of databases) await database.close();
      await test.remove();
    },
  };
}

async function redisFixture(): Promise<LedgerFixture> {
  const url = real("redis")!;
  const name = randomUUID();
  return {
    open: async (clock) => createRedisOneUseLedger({ url, clock, name }),
    // Redis has a clock of its own.
    pass: () => expect.poll(() => countRedisKeys(url, `platemark:used:${name}`)).toBe(0),
    remove: () => removeRedisKeys(url, `platemark:used:${name}`),
  };
}

describeLedger("used tokens in memory", async () => {
  let shared: OneUseLedger | undefined;
  return {
    open: async (clock) => (shared ??= createMemoryOneUseLedger({ clock })),
    pass: async (clock, ms) => clock.jump(ms),
    remove: async () => {},
  };
});
describeLedger("used tokens on SQLite", async () => sqlFixture(await sqliteTestDatabase()));
describeReal("with PostgreSQL", ["postgres"], () =>
  describeLedger("used tokens on PostgreSQL", async () => sqlFixture(await postgresTestDatabase())),
);
describeReal("with Redis", ["redis"], () => describeLedger("used tokens on Redis", redisFixture));

describe("what used tokens take", () => {
  test("in memory is bounded: full of what counts, it takes no more, and forgets nothing", async () => {
    const clock = new FakeClock();
    const ledger = createMemoryOneUseLedger({ clock }, { maxEntries: 3 });
    for (const key of ["a", "b", "c"]) await ledger.use(key, clock.now() + 1_000);
    await expect(ledger.use("d", clock.now() + 1_000)).rejects.toMatchObject({ code: "resource_exhausted" });
    expect(await ledger.use("a", clock.now() + 1_000)).toBe(false);
    clock.jump(1_000);
    expect(await ledger.use("d", clock.now() + 1_000)).toBe(true);
  });

  test("in a database goes when it is void", async () => {
    const files = await sqliteTestDatabase();
    const database = await openDatabase(files.settings);
    const clock = new FakeClock();
    const ledger = createSqlOneUseLedger(database, { clock });
    for (let n = 0; n < 25; n++) await ledger.use(`old-${n}`, clock.now() + 1_000);
    clock.jump(2_000);
    for (let n = 0; n < 3; n++) await ledger.use(`new-${n}`, clock.now() + 1_000);
    const rows = await database.read((db) => db.selectFrom("used_tokens").select("key").execute());
    expect(rows.map(({ key }) => key).toSorted()).toEqual(["new-0", "new-1", "new-2"]);
    await database.close();
    await files.remove();
  });
});

import { randomUUID } from "node:crypto";
import { createRedisQueue } from "../../server/adapters/redis/queue.ts";
import { type Database, openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlQueue } from "../../server/adapters/sql/queue.ts";
import { describeReal, real } from "../support/real-components.ts";
import { removeRedisKeys } from "../support/redis-keys.ts";
import { postgresTestDatabase, sqliteTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { describeQueue, type QueueFixture } from "./queue-suite.ts";

/** Every queue has a connection of its own, as processes have. */
async function sqlFixture(test: TestDatabase): Promise<QueueFixture> {
  const databases: Database[] = [];
  return {
    async open(deps) {
      const database = await openDatabase(test.settings);
      databases.push(database);
      return createSqlQueue(database, { ...deps, name: "conformance" });
    },
    async remove() {
      for (const database of databases) await database.close();
      await test.remove();
    },
  };
}

async function redisFixture(): Promise<QueueFixture> {
  const url = real("redis")!;
  const name = `test-${randomUUID()}`;
  return {
    open: async (deps) => createRedisQueue({ ...deps, url, name }),
    remove: () => removeRedisKeys(url, `{platemark:queue:${name}}`),
  };
}

describeQueue("queue on SQLite", async () => sqlFixture(await sqliteTestDatabase()));
describeReal("with PostgreSQL", ["postgres"], () =>
  describeQueue("queue on PostgreSQL", async () => sqlFixture(await postgresTestDatabase())),
);
describeReal("with Redis", ["redis"], () => describeQueue("queue on Redis Streams", redisFixture));

import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createMemoryRateLimiter, unlimited } from "../../server/adapters/memory/rate-limiter.ts";
import { createRedisRateLimiter } from "../../server/adapters/redis/rate-limiter.ts";
import { type Database, openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlRateLimiter } from "../../server/adapters/sql/rate-limiter.ts";
import { describeReal, real } from "../support/real-components.ts";
import { removeRedisKeys } from "../support/redis-keys.ts";
import { postgresTestDatabase, sqliteTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { describeRateLimiter, type RateLimiterFixture } from "./rate-limiter-suite.ts";

async function sqlFixture(test: TestDatabase): Promise<RateLimiterFixture> {
  const databases: Database[] = [];
  return {
    async open(options) {
      const database = await openDatabase(test.settings);
      databases.push(database);
      return createSqlRateLimiter(database, { ...options, name: "mark" });
    },
    async remove() {
      for (const database of databases) await database.close();
      await test.remove();
    },
  };
}

async function redisFixture(): Promise<RateLimiterFixture> {
  const url = real("redis")!;
  const name = `test-${randomUUID()}`;
  return {
    open: async (options) => createRedisRateLimiter({ ...options, url, name }),
    remove: () => removeRedisKeys(url, `platemark:rate:${name}`),
  };
}

describeRateLimiter("rate limit in memory", { shared: false }, async () => ({
  open: async (options) => createMemoryRateLimiter(options),
  remove: async () => {},
}));
describeRateLimiter("rate limit on SQLite", { shared: true }, async () =>
  sqlFixture(await sqliteTestDatabase()),
);
describeReal("with PostgreSQL", ["postgres"], () =>
  describeRateLimiter("rate limit on PostgreSQL", { shared: true }, async () =>
    sqlFixture(await postgresTestDatabase()),
  ),
);
describeReal("with Redis", ["redis"], () =>
  describeRateLimiter("rate limit on Redis", { shared: true }, redisFixture),
);

describe("no limit", () => {
  test("lets everything through but what was aborted", async () => {
    await Promise.all(Array.from({ length: 1_000 }, () => unlimited.acquire()));
    await expect(unlimited.acquire({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "aborted",
    });
  });
});

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { noTracer } from "#kernel/tracer.ts";
import { guardDatabase, guardQueue, guardStore } from "../../server/adapters/guard/guarded-connections.ts";
import { createRedisQueue } from "../../server/adapters/redis/queue.ts";
import { createS3ObjectStore } from "../../server/adapters/s3/object-store.ts";
import { createSqlAuditLog } from "../../server/adapters/sql/audit-log.ts";
import { type Database, openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlMediaRepository } from "../../server/adapters/sql/media-repository.ts";
import { createSqlQueue } from "../../server/adapters/sql/queue.ts";
import { createSqlSwapLedger } from "../../server/adapters/sql/swap-ledger.ts";
import { createSqlTemplateRepository } from "../../server/adapters/sql/template-repository.ts";
import { unobserved } from "../../server/services/ports/component-observer.ts";
import { createObjectStoreServer } from "../../server/store/index.ts";
import { removeBucket } from "../support/minio-bucket.ts";
import { describeReal, minioCredentials, real } from "../support/real-components.ts";
import { removeRedisKeys } from "../support/redis-keys.ts";
import { postgresTestDatabase, sqliteTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { describeMediaRepository } from "./media-repository-suite.ts";
import { objectStoreConformance } from "./object-store.ts";
import { describeQueue } from "./queue-suite.ts";
import { describeSwapLedger } from "./swap-ledger-suite.ts";

/** The ports' suites once more, on adapters behind their guards: a guard must not show while all is well. */
const eyes = { clock: systemClock, logger: silentLogger, tracer: noTracer, observer: unobserved };
const deps = { clock: systemClock, random: systemRandom };

async function sqlFixture<T>(files: TestDatabase, open: (database: Database, deps: never) => T) {
  const databases: Database[] = [];
  return {
    async open(given: never) {
      const database = await openDatabase(files.settings);
      databases.push(database);
      return open(database, given);
    },
    async remove() {
      for (const database of databases) await database.close();
      await files.remove();
    },
  };
}

function guardedOn(database: Database, given: typeof deps) {
  return guardDatabase(
    {
      repository: createSqlMediaRepository(database, given),
      ledger: createSqlSwapLedger(database, given),
      templates: createSqlTemplateRepository(database, given),
      audit: createSqlAuditLog(database),
    },
    eyes,
  );
}

describeQueue("guarded queue on SQLite", async () =>
  sqlFixture(await sqliteTestDatabase(), (database, given: typeof deps) =>
    guardQueue(createSqlQueue(database, { ...given, name: "guarded" }), eyes),
  ),
);
describeMediaRepository("guarded media on SQLite", async () =>
  sqlFixture(
    await sqliteTestDatabase(),
    (database, given: typeof deps) => guardedOn(database, given).repository,
  ),
);
describeSwapLedger("guarded swaps on SQLite", async () =>
  sqlFixture(
    await sqliteTestDatabase(),
    (database, clock: typeof systemClock) => guardedOn(database, { ...deps, clock }).ledger,
  ),
);
objectStoreConformance("the guarded embedded store", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "platemark-store-"));
  const keys = { accessKey: "access-of-this-test", secretKey: "secret-of-this-test-alone" };
  const server = createObjectStoreServer({ dataDir, credentials: [keys], logger: silentLogger, ...deps });
  const { url: endpoint } = await server.start();
  const location = { endpoint, region: "us-east-1", bucket: "pictures", ...keys };
  const store = guardStore(createS3ObjectStore(location, eyes), eyes);
  return {
    store,
    async close() {
      await store.close();
      await server[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
});

describeReal("with PostgreSQL", ["postgres"], () =>
  describeMediaRepository("guarded media on PostgreSQL", async () =>
    sqlFixture(
      await postgresTestDatabase(),
      (database, given: typeof deps) => guardedOn(database, given).repository,
    ),
  ),
);
describeReal("with Redis", ["redis"], () =>
  describeQueue("guarded queue on Redis Streams", async () => {
    const url = real("redis")!;
    const name = `test-${randomUUID()}`;
    return {
      open: async (given) => guardQueue(createRedisQueue({ ...given, url, name }), eyes),
      remove: () => removeRedisKeys(url, `{platemark:queue:${name}}`),
    };
  }),
);
describeReal("with MinIO", ["minio"], () =>
  objectStoreConformance("guarded MinIO", async () => {
    const endpoint = real("minio")!;
    const bucket = `t-${randomUUID()}`;
    const location = { endpoint, region: "us-east-1", bucket, ...minioCredentials };
    const store = guardStore(createS3ObjectStore(location, eyes), eyes);
    return {
      store,
      async close() {
        await store.close();
        await removeBucket(endpoint, bucket);
      },
    };
  }),
);

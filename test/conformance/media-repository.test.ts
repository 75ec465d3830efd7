import { type Database, openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlMediaRepository } from "../../server/adapters/sql/media-repository.ts";
import { describeReal } from "../support/real-components.ts";
import { postgresTestDatabase, sqliteTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { describeMediaRepository, type MediaRepositoryFixture } from "./media-repository-suite.ts";

/** Every repository has a connection of its own, as processes have. */
async function fixture(test: TestDatabase): Promise<MediaRepositoryFixture> {
  const databases: Database[] = [];
  return {
    async open(deps) {
      const database = await openDatabase(test.settings);
      databases.push(database);
      return createSqlMediaRepository(database, deps);
    },
    async remove() {
      for (const database of databases) await database.close();
      await test.remove();
    },
  };
}

describeMediaRepository("media on SQLite", async () => fixture(await sqliteTestDatabase()));
describeReal("with PostgreSQL", ["postgres"], () =>
  describeMediaRepository("media on PostgreSQL", async () => fixture(await postgresTestDatabase())),
);

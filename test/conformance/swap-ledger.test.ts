import { type Database, openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlSwapLedger } from "../../server/adapters/sql/swap-ledger.ts";
import { describeReal } from "../support/real-components.ts";
import { postgresTestDatabase, sqliteTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { describeSwapLedger, type SwapLedgerFixture } from "./swap-ledger-suite.ts";

/** Every ledger has a connection of its own, as processes have. */
async function fixture(test: TestDatabase): Promise<SwapLedgerFixture> {
  const databases: Database[] = [];
  return {
    async open(clock) {
      const database = await openDatabase(test.settings);
      databases.push(database);
      return createSqlSwapLedger(database, { clock });
    },
    async remove() {
      for (const database of databases) await database.close();
      await test.remove();
    },
  };
}

describeSwapLedger("swaps on SQLite", async () => fixture(await sqliteTestDatabase()));
describeReal("with PostgreSQL", ["postgres"], () =>
  describeSwapLedger("swaps on PostgreSQL", async () => fixture(await postgresTestDatabase())),
);

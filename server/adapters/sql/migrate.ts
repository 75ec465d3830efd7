import { type Kysely, sql, type Transaction } from "kysely";
import { AppError } from "#kernel/errors.ts";
import type { ConnectionSettings } from "../../connection-settings.ts";
import { migrations } from "./migrations/all.ts";
import type { Schema } from "./schema.ts";

/** Any fixed number: names the lock under which one process at a time changes tables. */
const MIGRATION_LOCK = 7_263_551;

type Migrating = Schema & { schema_migrations: { name: string } };

/**
 * Applies what is missing, all in the one transaction it is given: both databases roll table changes back. A second process
 * waits for the first (SQLite: the write lock; PostgreSQL: an advisory lock) and then finds nothing left to do.
 * @throws AppError `config.invalid` when the database knows migrations that this program does not.
 */
export async function migrate(
  transaction: Transaction<Schema>,
  kind: ConnectionSettings["database"]["kind"],
): Promise<void> {
  const trx = transaction as unknown as Kysely<Migrating>;
  if (kind === "postgres") await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(trx);
  await trx.schema
    .createTable("schema_migrations")
    .ifNotExists()
    .addColumn("name", "text", (column) => column.primaryKey())
    .execute();
  const rows = await trx.selectFrom("schema_migrations").select("name").execute();
  const applied = new Set(rows.map((row) => row.name));
  const known = new Set(migrations.map((migration) => migration.name));
  if ([...applied].some((name) => !known.has(name)))
    throw new AppError(
      "config.invalid",
      "A newer version of Platemark has changed this database. Update Platemark, or use another database.",
    );
  for (const { name, up } of migrations) {
    if (applied.has(name)) continue;
    await up(transaction, kind);
    await trx.insertInto("schema_migrations").values({ name }).execute();
  }
}

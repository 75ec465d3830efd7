import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { Kysely, PostgresDialect, type Transaction } from "kysely";
import { type Clock, systemClock } from "#kernel/clock.ts";
import { type Logger, silentLogger } from "#kernel/logger.ts";
import type { ConnectionSettings } from "../../connection-settings.ts";
import { databaseError, isSerializationFailure } from "./database-error.ts";
import { migrate } from "./migrate.ts";
import { openPostgresPool } from "./postgres-pool.ts";
import type { Schema } from "./schema.ts";
import { ImmediateSqliteDialect, openSqlite, retryBusy } from "./sqlite-dialect.ts";

export type DatabaseKind = ConnectionSettings["database"]["kind"];

export interface DatabaseDeps {
  /** Only for waiting on locks; it must run in real time, whatever clock the tables' times come from. @default systemClock */
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** How often a transaction is run again that PostgreSQL undid in favour of another. */
const SERIALIZATION_TRIES = 5;

/**
 * One open database. Repository, queue and rate limiter share it; whoever opened it closes it, after them.
 * Errors come out as `databaseError` says.
 */
export class Database {
  readonly kind: DatabaseKind;
  readonly #kysely: Kysely<Schema>;
  readonly #clock: Clock;

  constructor(kind: DatabaseKind, kysely: Kysely<Schema>, clock: Clock) {
    this.kind = kind;
    this.#kysely = kysely;
    this.#clock = clock;
  }

  /** One statement outside a transaction. On SQLite a statement that writes belongs into `write`. */
  async read<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    try {
      return await retryBusy(this.#clock, () => work(this.#kysely));
    } catch (error) {
      throw databaseError(error);
    }
  }

  /**
   * One transaction: `BEGIN IMMEDIATE` on SQLite, read committed on PostgreSQL. When `work` throws, nothing of it stays.
   * It may run more than once, so it must do nothing but talk to the database.
   */
  async write<T>(work: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#kysely.transaction().execute(work);
      } catch (error) {
        if (tries < SERIALIZATION_TRIES && isSerializationFailure(error)) continue;
        throw databaseError(error);
      }
    }
  }

  async close(): Promise<void> {
    await this.#kysely.destroy();
  }
}

/**
 * Opens the database, makes its folder and file where there are none, and brings its tables up to date; safe when several
 * processes do it at once.
 * @throws AppError `config.invalid` when the settings lead nowhere, or to a database of a newer version;
 *   `unavailable` when PostgreSQL does not answer.
 */
export async function openDatabase(
  settings: ConnectionSettings["database"],
  { clock = systemClock, logger = silentLogger }: DatabaseDeps = {},
): Promise<Database> {
  const kysely = new Kysely<Schema>({ dialect: await dialectOf(settings, clock, logger) });
  const database = new Database(settings.kind, kysely, clock);
  try {
    await database.write((trx) => migrate(trx, settings.kind));
  } catch (error) {
    await database.close().catch(() => {});
    throw databaseError(error);
  }
  return database;
}

async function dialectOf(settings: ConnectionSettings["database"], clock: Clock, logger: Logger) {
  if (settings.kind === "postgres")
    return new PostgresDialect({ pool: openPostgresPool(settings.url, logger) });
  try {
    mkdirSync(dirname(settings.path), { recursive: true, mode: 0o700 });
    return new ImmediateSqliteDialect(await retryBusy(clock, () => openSqlite(settings.path)), clock);
  } catch (error) {
    throw databaseError(error);
  }
}

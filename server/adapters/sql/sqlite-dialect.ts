import { DatabaseSync, type StatementSyncInstance } from "@photostructure/sqlite";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from "kysely";
import type { Clock } from "#kernel/clock.ts";
import { isBusy } from "./database-error.ts";

/** Statements kept prepared for each connection. */
const CACHED_STATEMENTS = 200;
/** Longer ones are made for one call and would only push others out. */
const CACHED_STATEMENT_LENGTH = 4_000;
/** How long a writer waits for the writers of other connections and processes. */
const BUSY_WAIT_MS = 30_000;
/** One wait between two tries. */
const BUSY_PAUSE_MS = 2;

/**
 * Opens one connection in WAL mode with `synchronous=FULL`: what is committed survives a killed process and a power cut.
 * `busy_timeout` stays at 0, because SQLite would sleep in the thread of the caller; `retryBusy` waits without it.
 */
export function openSqlite(path: string): SqliteDatabase {
  const database = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: true });
  try {
    database.exec("pragma journal_mode = wal");
    database.exec("pragma synchronous = full");
    database.exec("pragma journal_size_limit = 16777216");
  } catch (error) {
    database.close();
    throw error;
  }
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => {
      statements.clear();
      database.close();
    },
    prepare: (sql) => {
      const cached = statements.get(sql);
      if (cached) return cached;
      const statement = toKyselyStatement(database.prepare(sql));
      if (sql.length <= CACHED_STATEMENT_LENGTH) {
        if (statements.size >= CACHED_STATEMENTS) statements.delete(statements.keys().next().value!);
        statements.set(sql, statement);
      }
      return statement;
    },
  };
}

function toKyselyStatement(statement: StatementSyncInstance): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters),
    run: (parameters) => statement.run(...parameters),
    iterate: (parameters) => statement.iterate(...parameters),
  };
}

/** Runs `work` again while another connection holds the lock it needs. Real waiting: the other one moves in real time. */
export async function retryBusy<T>(clock: Clock, work: () => Promise<T> | T): Promise<T> {
  const giveUpAtMs = clock.now() + BUSY_WAIT_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || clock.now() >= giveUpAtMs) throw error;
      await clock.sleep(BUSY_PAUSE_MS);
    }
  }
}

/** Takes the write lock at the start of a transaction: one that reads first and writes later would fail instead of
 *  waiting when somebody else wrote in between. */
class ImmediateSqliteDriver extends SqliteDriver {
  readonly #clock: Clock;

  constructor(database: SqliteDatabase, clock: Clock) {
    super({ database });
    this.#clock = clock;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await retryBusy(this.#clock, () => connection.executeQuery(CompiledQuery.raw("begin immediate")));
  }
}

/** Kysely's dialect with our driver. */
export class ImmediateSqliteDialect extends SqliteDialect {
  readonly #database: SqliteDatabase;
  readonly #clock: Clock;

  constructor(database: SqliteDatabase, clock: Clock) {
    super({ database });
    this.#database = database;
    this.#clock = clock;
  }

  override createDriver(): Driver {
    return new ImmediateSqliteDriver(this.#database, this.#clock);
  }
}

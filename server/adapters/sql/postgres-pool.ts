import pg from "pg";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";

/** Connections one process holds at most. */
const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Opens nothing yet: the pool connects when it is first asked.
 * @throws AppError `config.invalid` when the URL is none of PostgreSQL's.
 */
export function openPostgresPool(url: string, logger: Logger): pg.Pool {
  if (!/^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new AppError(
      "config.invalid",
      "The database URL is no PostgreSQL URL. It looks like postgres://name:password@host:5432/database.",
    );
  const pool = new pg.Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: "platemark",
    types: { getTypeParser: (oid, format) => (isBigint(oid) ? Number : pg.types.getTypeParser(oid, format)) },
  });
  const lost = (error: Error) => logger.warn("database.connection_lost", { message: error.message });
  // Without listeners a connection that the server closes would end the process: the pool reports idle ones, each client
  // itself while it is lent out, between two statements of a transaction.
  pool.on("error", lost);
  pool.on("connect", (client) => client.on("error", lost));
  return pool;
}

/** node-postgres gives 64-bit integers as text; all of ours (bytes, milliseconds, counts) stay below 2^53. */
function isBigint(oid: number): boolean {
  return oid === pg.types.builtins.INT8;
}

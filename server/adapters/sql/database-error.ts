import { AppError } from "#kernel/errors.ts";

/** SQLite's primary result code, PostgreSQL's SQLSTATE or Node's system code; the drivers put them into different fields. */
function codesOf(error: unknown): { readonly sqlite: number | null; readonly code: string } {
  if (!(error instanceof Error)) return { sqlite: null, code: "" };
  const { errcode, code } = error as Error & { errcode?: unknown; code?: unknown };
  return {
    sqlite: typeof errcode === "number" ? errcode & 0xff : null,
    code: typeof code === "string" ? code : "",
  };
}

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
const SQLITE_CORRUPT = 11;

/** Another connection holds the lock; waiting helps. */
export function isBusy(error: unknown): boolean {
  const { sqlite } = codesOf(error);
  return sqlite === SQLITE_BUSY || sqlite === SQLITE_LOCKED;
}

/** PostgreSQL undid the transaction in favour of another; running it again helps. */
export function isSerializationFailure(error: unknown): boolean {
  return ["40001", "40P01"].includes(codesOf(error).code);
}

const CONNECTION_LOST =
  /^(08...|57P0[1-3]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;
/** node-postgres gives these no code. */
const CONNECTION_LOST_TEXT = /connection terminated|timeout exceeded when trying to connect|not queryable/i;

/**
 * What a database error means to the rest: `unavailable` (backoff) when it does not answer or is locked, `disk.full`,
 * `config.invalid` when the settings lead nowhere, else `internal`. Parameters never reach the message.
 */
export function databaseError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { sqlite, code } = codesOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (isBusy(error))
    return new AppError("unavailable", "Another process keeps the database locked. Try again in a moment.", {
      retry: "backoff",
      cause: error,
    });
  if (sqlite === SQLITE_FULL || code === "53100")
    return new AppError("disk.full", "The disk that holds the database is full. Make room and try again.", {
      retry: "backoff",
      cause: error,
    });
  if (sqlite === SQLITE_CANTOPEN)
    return new AppError(
      "config.invalid",
      "The database file cannot be opened. Check the folder's permissions.",
      {
        cause: error,
      },
    );
  if (sqlite === SQLITE_NOTADB || sqlite === SQLITE_CORRUPT)
    return new AppError(
      "config.invalid",
      "The database file is not a database, or it is damaged. Move it away or restore a copy.",
      { cause: error },
    );
  if (code === "28P01" || code === "28000" || code === "3D000")
    return new AppError(
      "config.invalid",
      `PostgreSQL refused the connection: ${message}. Check the database URL.`,
      {
        cause: error,
      },
    );
  if (CONNECTION_LOST.test(code) || CONNECTION_LOST_TEXT.test(message))
    return new AppError(
      "unavailable",
      "The database does not answer. Check that it runs and can be reached.",
      {
        retry: "backoff",
        cause: error,
      },
    );
  return new AppError("internal", `The database reported an error: ${message}`, { cause: error });
}

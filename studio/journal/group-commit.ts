import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import { AppError } from "#kernel/errors.ts";

interface Waiting {
  readonly write: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds that a write waits for company. */
const LINGER_MS = 8;

/**
 * Many writes, one transaction: what is handed in within a few milliseconds is committed together, and each caller
 * hears of it when it is on disk. One flush to disk then serves dozens of pictures.
 */
export class GroupCommit {
  readonly #database: DatabaseSyncInstance;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(database: DatabaseSyncInstance) {
    this.#database = database;
  }

  /** Runs `write` in the next transaction; resolves with its result once committed. An error thrown by one write
   *  undoes the whole group, and all its callers get it. @throws AppError `disk.full`. */
  commit<T>(write: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#timer ??= setTimeout(() => this.flush(), LINGER_MS);
    });
  }

  /** Commits what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#waiting;
    this.#waiting = [];
    if (group.length === 0) return;
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      const results = group.map(({ write }) => write());
      this.#database.exec("COMMIT");
      for (const [index, { resolve }] of group.entries()) resolve(results[index] as never);
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      const failure = asDiskError(error);
      for (const { reject } of group) reject(failure);
    }
  }
}

function asDiskError(error: unknown): AppError {
  if (error instanceof Error && /disk is full|disk I\/O|readonly database/i.test(error.message))
    return new AppError(
      "disk.full",
      "The journal cannot be written: the disk of the home folder is full or not writable. Make room there and run it again; nothing is lost.",
      { cause: error },
    );
  return AppError.from(error);
}

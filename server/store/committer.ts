import type { DatabaseSyncInstance, StatementSyncInstance } from "@photostructure/sqlite";
import type { BlobStore } from "./blob-store.ts";
import { isStorageFull } from "./s3-error.ts";

/** What a piece of work may do besides SQL. */
export interface Transaction {
  /** The index refers to this blob once more. */
  retain(blob: string | null): void;
  /** The index refers to this blob once less; the file goes with the last reference, after the commit. */
  release(blob: string | null): void;
}

interface Job {
  readonly blobs: readonly string[];
  readonly work: (transaction: Transaction) => void;
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Commits changes of the index. What is asked for while a commit is under way goes into the next one together: one
 * directory sync, one transaction, one sync of the write-ahead log for all. Each piece of work has its own savepoint,
 * so one that fails takes none with it.
 */
export class Committer {
  readonly #db: DatabaseSyncInstance;
  readonly #blobs: BlobStore;
  readonly #retain: StatementSyncInstance;
  readonly #release: StatementSyncInstance;
  readonly #forget: StatementSyncInstance;
  #queue: Job[] = [];
  #running: Promise<void> | undefined;

  constructor(deps: { readonly db: DatabaseSyncInstance; readonly blobs: BlobStore }) {
    this.#db = deps.db;
    this.#blobs = deps.blobs;
    this.#retain = deps.db.prepare(
      "INSERT INTO blobs (id, refs) VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET refs = refs + 1",
    );
    this.#release = deps.db.prepare("UPDATE blobs SET refs = refs - 1 WHERE id = ?");
    this.#forget = deps.db.prepare("DELETE FROM blobs WHERE id = ? AND refs <= 0");
  }

  /**
   * Runs `work` in a transaction. Resolves with its answer when that is on disk.
   * `blobs`: published by the caller, and discarded if this fails.
   */
  commit<T>(blobs: readonly string[], work: (transaction: Transaction) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let answer: T;
      this.#queue.push({
        blobs,
        work: (transaction) => {
          answer = work(transaction);
        },
        settle: () => resolve(answer),
        fail: reject,
      });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is waiting. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const jobs = this.#queue;
      this.#queue = [];
      try {
        await this.#blobs.syncNames(jobs.flatMap((job) => job.blobs));
        this.#transact(jobs);
      } catch (error) {
        for (const job of jobs) this.#fail(job, error, isStorageFull(error));
      }
    }
    this.#running = undefined;
  }

  #transact(jobs: readonly Job[]): void {
    const orphans = new Set<string>();
    const done: Job[] = [];
    const failed: [Job, unknown][] = [];
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      for (const job of jobs) {
        const released = new Set<string>();
        this.#db.exec("SAVEPOINT job");
        try {
          job.work(this.#transaction(released));
          done.push(job);
          for (const id of released) orphans.add(id);
        } catch (error) {
          this.#db.exec("ROLLBACK TO job");
          failed.push([job, error]);
        }
        this.#db.exec("RELEASE job");
      }
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
    for (const job of done) {
      for (const id of job.blobs) this.#blobs.settle(id);
      job.settle();
    }
    for (const [job, error] of failed) this.#fail(job, error, true);
    this.#blobs.discard(orphans);
  }

  #transaction(released: Set<string>): Transaction {
    return {
      retain: (blob) => {
        if (blob === null) return;
        this.#retain.run(blob);
        released.delete(blob);
      },
      release: (blob) => {
        if (blob === null) return;
        this.#release.run(blob);
        if (this.#forget.run(blob).changes > 0) released.add(blob);
      },
    };
  }

  /** After a commit that failed half-way the index may yet refer to the blobs: those are left to the sweep. */
  #fail(job: Job, error: unknown, rolledBack: boolean): void {
    if (rolledBack) this.#blobs.discard(job.blobs);
    job.fail(error);
  }
}

import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import { FileHashesTable } from "./file-hashes-table.ts";
import { GroupCommit } from "./group-commit.ts";
import { ItemsTable } from "./items-table.ts";
import { JobsTable } from "./jobs-table.ts";
import { openJournalDatabase } from "./journal-database.ts";
import { TemplatesTable } from "./templates-table.ts";
import { UploadsTable } from "./uploads-table.ts";

/** What the studio remembers of its imports: intentions before the act, facts after it. One file in the home folder. */
export class Journal implements Disposable {
  readonly jobs: JobsTable;
  readonly items: ItemsTable;
  readonly uploads: UploadsTable;
  readonly hashes: FileHashesTable;
  readonly templates: TemplatesTable;
  readonly #database: DatabaseSyncInstance;
  readonly #group: GroupCommit;

  private constructor(database: DatabaseSyncInstance) {
    this.#database = database;
    this.#group = new GroupCommit(database);
    this.jobs = new JobsTable(database);
    this.items = new ItemsTable(database);
    this.uploads = new UploadsTable(database);
    this.hashes = new FileHashesTable(database);
    this.templates = new TemplatesTable(database);
  }

  /** @throws AppError `config.invalid` for a journal of a newer version. */
  static open(path: string): Journal {
    return new Journal(openJournalDatabase(path));
  }

  /** Runs `write` in a transaction with others; resolves with its result once that is on disk.
   *  @throws AppError `disk.full`. */
  commit<T>(write: () => T): Promise<T> {
    return this.#group.commit(write);
  }

  [Symbol.dispose](): void {
    this.#group.flush();
    this.#database.close();
  }
}

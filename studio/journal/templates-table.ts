import type { DatabaseSyncInstance } from "@photostructure/sqlite";

/** Compiled templates that jobs have pinned, by version: a job that is taken up later, on another server too, finds the
 *  very template it began with. Writes belong into `Journal.commit`. */
export class TemplatesTable {
  readonly #get;
  readonly #put;

  constructor(database: DatabaseSyncInstance) {
    this.#get = database.prepare("SELECT operator FROM templates WHERE version = ?");
    this.#put = database.prepare(
      "INSERT INTO templates (version, operator) VALUES (?, ?) ON CONFLICT DO NOTHING",
    );
  }

  /** JSON of a `MarkOperator`. */
  get(version: string): string | undefined {
    return (this.#get.get(version) as { readonly operator: string } | undefined)?.operator;
  }

  put(version: string, operator: string): void {
    this.#put.run(version, operator);
  }
}

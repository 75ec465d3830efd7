import type { Transaction } from "kysely";
import type { Schema } from "../schema.ts";

/** One step of the tables, for both databases. Once released it is never changed, only followed by another. */
export interface Migration {
  /** Four digits and what it does; the order is that of the list in `all.ts`. */
  readonly name: string;
  up(trx: Transaction<Schema>, kind: "sqlite" | "postgres"): Promise<void>;
}

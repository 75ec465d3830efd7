import type { Clock } from "#kernel/clock.ts";
import type { OneUseLedger } from "../../services/ports/one-use-ledger.ts";
import type { Database } from "./database.ts";

/** Void rows removed with each use: more than are added, so that the table ends as small as it can be. */
const REMOVED_AT_ONCE = 10;

/** A ledger that all processes on this database share. `close` leaves the database open. */
export function createSqlOneUseLedger(
  database: Database,
  { clock }: { readonly clock: Clock },
): OneUseLedger {
  return {
    use(key, expiresAtMs) {
      const nowMs = Math.floor(clock.now());
      const expires_at_ms = Math.ceil(expiresAtMs);
      return database.write(async (trx) => {
        const first = await trx
          .insertInto("used_tokens")
          .values({ key, expires_at_ms })
          .onConflict((conflict) =>
            conflict
              .column("key")
              .doUpdateSet({ expires_at_ms })
              .where("used_tokens.expires_at_ms", "<=", nowMs),
          )
          .returning("key")
          .executeTakeFirst();
        const old = trx
          .selectFrom("used_tokens")
          .select("key")
          .where("expires_at_ms", "<=", nowMs)
          .where("key", "!=", key)
          .orderBy("expires_at_ms")
          .limit(REMOVED_AT_ONCE);
        // Rows that another transaction is removing are left to it; waiting for them could be waiting in a circle.
        const gone = database.kind === "postgres" ? old.forUpdate().skipLocked() : old;
        await trx.deleteFrom("used_tokens").where("key", "in", gone).execute();
        return first !== undefined;
      });
    },
    async close() {},
  };
}

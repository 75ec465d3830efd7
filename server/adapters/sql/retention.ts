import { sql } from "kysely";
import type { Database } from "./database.ts";

/** Events in one transaction, so that writers never wait long. */
const EVENTS_PER_TRANSACTION = 5_000;

/**
 * Removes the events before `beforeMs` and remembers up to which, so that `eventsAfter` can tell a reader who would have
 * missed some. Rows in `media_files` stay. Answers how many were removed.
 */
export async function removeOldEvents(database: Database, beforeMs: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const count = await database.write(async (trx) => {
      const old = await trx
        .selectFrom("media_events")
        .select("sequence")
        .where("at_ms", "<", Math.floor(beforeMs))
        .orderBy("sequence")
        .limit(EVENTS_PER_TRANSACTION)
        .execute();
      const last = old.at(-1);
      if (!last) return 0;
      const result = await trx
        .deleteFrom("media_events")
        .where("sequence", "<=", last.sequence)
        .executeTakeFirst();
      await trx
        .updateTable("meta")
        .set({ value: String(last.sequence) })
        .where("name", "=", "events_removed_up_to")
        .where(sql<number>`cast(value as bigint)`, "<", last.sequence)
        .execute();
      return Number(result.numDeletedRows);
    });
    if (count === 0) return removed;
    removed += count;
  }
}

/** The highest sequence number that `removeOldEvents` has removed, 0 when there is none. */
export async function removedUpTo(database: Database): Promise<number> {
  const row = await database.read((db) =>
    db.selectFrom("meta").select("value").where("name", "=", "events_removed_up_to").executeTakeFirst(),
  );
  return Number(row?.value ?? 0);
}

import type { Clock } from "#kernel/clock.ts";
import type { RateLimiter } from "../../services/ports/rate-limiter.ts";
import { SlotRateLimiter, type SlotStore } from "../memory/slot-rate-limiter.ts";
import type { Database } from "./database.ts";

/**
 * A limit that all processes on this database share under `name`. `close` leaves the database open.
 * @throws AppError `invalid_argument` unless `perSecond` is above 0.
 */
export function createSqlRateLimiter(
  database: Database,
  { clock, name, perSecond }: { readonly clock: Clock; readonly name: string; readonly perSecond: number },
): RateLimiter {
  return new SlotRateLimiter({ clock, store: slotStore(database, name) }, { perSecond });
}

function slotStore(database: Database, name: string): SlotStore {
  return {
    async reserve(nowMs, intervalMs) {
      const { next_free_ms } = await database.write((trx) =>
        trx
          .insertInto("rate_limits")
          .values({ name, next_free_ms: nowMs + intervalMs })
          .onConflict((conflict) =>
            conflict.column("name").doUpdateSet((eb) => ({
              next_free_ms: eb(
                eb
                  .case()
                  .when("rate_limits.next_free_ms", ">", nowMs)
                  .then(eb.ref("rate_limits.next_free_ms"))
                  .else(nowMs)
                  .end(),
                "+",
                intervalMs,
              ),
            })),
          )
          .returning("next_free_ms")
          .executeTakeFirstOrThrow(),
      );
      return next_free_ms - intervalMs;
    },
    async giveBack(startMs, intervalMs) {
      // Half an interval of tolerance: sums of fractions of milliseconds need not be equal to the last bit.
      await database.write((trx) =>
        trx
          .updateTable("rate_limits")
          .set({ next_free_ms: startMs })
          .where("name", "=", name)
          .where("next_free_ms", "<", startMs + intervalMs * 1.5)
          .where("next_free_ms", ">", startMs)
          .execute(),
      );
    },
    async close() {},
  };
}

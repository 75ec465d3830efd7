import type { AuditLog } from "../../services/ports/audit-log.ts";
import type { Database } from "./database.ts";

/** Changes in the table `audit_log`, in the order in which they came. */
export function createSqlAuditLog(database: Database): AuditLog {
  return {
    async append({ atMs, actor, action, requestId, before, after }) {
      const row = {
        at_ms: Math.floor(atMs),
        actor,
        action,
        request_id: requestId,
        before_json: before,
        after_json: after,
      };
      await database.write((trx) => trx.insertInto("audit_log").values(row).execute());
    },

    async latest(limit) {
      const rows = await database.read((db) =>
        db.selectFrom("audit_log").selectAll().orderBy("ordinal", "desc").limit(limit).execute(),
      );
      return rows.map((row) => ({
        atMs: Number(row.at_ms),
        actor: row.actor,
        action: row.action,
        requestId: row.request_id,
        before: row.before_json,
        after: row.after_json,
      }));
    },
  };
}

import type { Clock } from "#kernel/clock.ts";
import type { TemplateRepository } from "../../services/ports/template-repository.ts";
import type { Database } from "./database.ts";
import { isOneOf } from "./recordset.ts";

/** Templates in the table `mark_templates`. */
export function createSqlTemplateRepository(
  database: Database,
  { clock }: { readonly clock: Clock },
): TemplateRepository {
  return {
    async put({ version, name, operator }) {
      const created_at_ms = Math.floor(clock.now());
      await database.write((trx) =>
        trx
          .insertInto("mark_templates")
          .values({ version, name, operator, created_at_ms })
          .onConflict((conflict) => conflict.column("version").doNothing())
          .execute(),
      );
    },

    async get(version) {
      const row = await database.read((db) =>
        db.selectFrom("mark_templates").selectAll().where("version", "=", version).executeTakeFirst(),
      );
      if (!row) return null;
      const { name, operator } = row;
      return { version, name, operator, createdAtMs: Number(row.created_at_ms) };
    },

    async known(versions) {
      if (versions.length === 0) return new Set();
      const rows = await database.read((db) =>
        db
          .selectFrom("mark_templates")
          .select("version")
          .where(isOneOf(database.kind, "version", versions))
          .execute(),
      );
      return new Set(rows.map(({ version }) => version));
    },
  };
}

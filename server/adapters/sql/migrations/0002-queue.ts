import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const queue: Migration = {
  name: "0002-queue",
  async up({ schema }, kind) {
    await schema
      .createTable("queue_jobs")
      .addColumn("ordinal", kind === "sqlite" ? "integer" : "bigserial", (column) =>
        kind === "sqlite" ? column.primaryKey().autoIncrement() : column.primaryKey(),
      )
      .addColumn("id", "text", (column) => column.notNull().unique())
      .addColumn("queue", "text", (column) => column.notNull())
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("payload", "text", (column) => column.notNull())
      .addColumn("attempt", "bigint", (column) => column.notNull())
      .addColumn("max_attempts", "bigint", (column) => column.notNull())
      .addColumn("available_at_ms", "bigint", (column) => column.notNull())
      .addColumn("token", "text")
      .addColumn("dead_at_ms", "bigint")
      .addColumn("error", "text")
      .execute();
    await schema
      .createIndex("queue_jobs_available")
      .on("queue_jobs")
      .columns(["queue", "available_at_ms", "ordinal"])
      .where(sql.ref("dead_at_ms"), "is", null)
      .execute();
    await schema
      .createIndex("queue_jobs_dead")
      .on("queue_jobs")
      .columns(["queue", "dead_at_ms"])
      .where(sql.ref("dead_at_ms"), "is not", null)
      .execute();

    await schema
      .createTable("queue_keys")
      .addColumn("queue", "text", (column) => column.notNull())
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("job_id", "text", (column) => column.notNull())
      .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("queue_keys_key", ["queue", "key"])
      .execute();
    await schema.createIndex("queue_keys_expiry").on("queue_keys").column("expires_at_ms").execute();
  },
};

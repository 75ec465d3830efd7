import type { Migration } from "./migration.ts";

export const trust: Migration = {
  name: "0006-trust",
  async up({ schema }, kind) {
    await schema
      .createTable("used_tokens")
      .addColumn("key", "text", (column) => column.primaryKey())
      .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await schema.createIndex("used_tokens_expired").on("used_tokens").column("expires_at_ms").execute();
    await schema
      .createTable("audit_log")
      .addColumn("ordinal", kind === "sqlite" ? "integer" : "bigserial", (column) =>
        kind === "sqlite" ? column.primaryKey().autoIncrement() : column.primaryKey(),
      )
      .addColumn("at_ms", "bigint", (column) => column.notNull())
      .addColumn("actor", "text", (column) => column.notNull())
      .addColumn("action", "text", (column) => column.notNull())
      .addColumn("request_id", "text", (column) => column.notNull())
      .addColumn("before_json", "text", (column) => column.notNull())
      .addColumn("after_json", "text", (column) => column.notNull())
      .execute();
  },
};

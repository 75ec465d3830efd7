import type { Migration } from "./migration.ts";

export const rateLimits: Migration = {
  name: "0003-rate-limits",
  async up({ schema }) {
    await schema
      .createTable("rate_limits")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("next_free_ms", "double precision", (column) => column.notNull())
      .execute();
  },
};

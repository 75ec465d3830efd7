import type { Migration } from "./migration.ts";

export const markTemplates: Migration = {
  name: "0004-mark-templates",
  async up({ schema }) {
    await schema
      .createTable("mark_templates")
      .addColumn("version", "text", (column) => column.primaryKey())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("operator", "text", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .execute();
  },
};

import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const swaps: Migration = {
  name: "0005-swaps",
  async up({ schema }) {
    await schema.alterTable("media_files").addColumn("published", "text").execute();
    await schema
      .createTable("swaps")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("media_id", "text", (column) => column.notNull())
      .addColumn("owner", "text", (column) => column.notNull())
      .addColumn("public_key", "text", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("at_ms", "bigint", (column) => column.notNull())
      .addColumn("becomes_sha256", "text", (column) => column.notNull())
      .addColumn("becomes", "text", (column) => column.notNull())
      .addColumn("owns_proof", "bigint", (column) => column.notNull())
      .addColumn("follows", "text")
      .addColumn("snapshot_key", "text", (column) => column.unique())
      .addColumn("snapshot", "text")
      .execute();
    await schema.createIndex("swaps_media").on("swaps").columns(["media_id", "at_ms"]).execute();
    await schema.createIndex("swaps_follows").on("swaps").column("follows").execute();
    await schema
      .createIndex("swaps_unfinished")
      .on("swaps")
      .column("at_ms")
      .where(sql.ref("state"), "!=", sql.lit("done"))
      .execute();
    await schema
      .createIndex("swaps_kept")
      .on("swaps")
      .column("at_ms")
      .where(sql.ref("state"), "=", sql.lit("done"))
      .execute();
  },
};

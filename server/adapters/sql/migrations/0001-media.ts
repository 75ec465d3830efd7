import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const media: Migration = {
  name: "0001-media",
  async up(trx) {
    const { schema } = trx;
    await schema
      .createTable("meta")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("value", "text", (column) => column.notNull())
      .execute();
    await trx.insertInto("meta").values({ name: "server_id", value: randomUUID() }).execute();
    await trx.insertInto("meta").values({ name: "events_removed_up_to", value: "0" }).execute();

    await schema
      .createTable("counters")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("value", "bigint", (column) => column.notNull())
      .execute();
    await trx.insertInto("counters").values({ name: "media_events", value: 0 }).execute();

    await schema
      .createTable("media_files")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("ordinal", "bigint", (column) => column.notNull().unique())
      .addColumn("owner", "text", (column) => column.notNull())
      .addColumn("file_name", "text", (column) => column.notNull())
      .addColumn("size", "bigint", (column) => column.notNull())
      .addColumn("content_type", "text", (column) => column.notNull())
      .addColumn("sha256", "text", (column) => column.notNull())
      .addColumn("bucket", "text", (column) => column.notNull())
      .addColumn("object_key", "text", (column) => column.notNull())
      .addColumn("marked_key", "text")
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("upload_id", "text")
      .addColumn("part_size", "bigint")
      .addColumn("error_code", "text")
      .addColumn("error_message", "text")
      .addColumn("trace_id", "text", (column) => column.notNull())
      .addColumn("mark_spec", "text", (column) => column.notNull())
      .addColumn("version", "bigint", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("updated_at_ms", "bigint", (column) => column.notNull())
      .addUniqueConstraint("media_files_owner_sha256", ["owner", "sha256"])
      .execute();
    await schema
      .createIndex("media_files_owner_ordinal")
      .on("media_files")
      .columns(["owner", "ordinal"])
      .execute();
    await schema
      .createIndex("media_files_uploading")
      .on("media_files")
      .column("updated_at_ms")
      .where(sql.ref("state"), "=", sql.lit("uploading"))
      .execute();

    await schema
      .createTable("media_events")
      .addColumn("sequence", "bigint", (column) => column.primaryKey())
      .addColumn("media_id", "text", (column) => column.notNull())
      .addColumn("owner", "text", (column) => column.notNull())
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("at_ms", "bigint", (column) => column.notNull())
      .addColumn("snapshot", "text", (column) => column.notNull())
      .execute();
    await schema
      .createIndex("media_events_owner_sequence")
      .on("media_events")
      .columns(["owner", "sequence"])
      .execute();

    await schema
      .createTable("outbox")
      .addColumn("outbox_id", "bigint", (column) => column.primaryKey())
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("payload", "text", (column) => column.notNull())
      .execute();
  },
};

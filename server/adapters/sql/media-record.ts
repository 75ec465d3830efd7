import type { MediaState } from "#contracts/media-state.ts";
import type { ErrorCode } from "#kernel/errors.ts";
import type { MediaRow, PublishedPicture } from "../../services/ports/media-repository.ts";
import { storable } from "./recordset.ts";
import type { Columns, EventRecord, MediaRecord, OutboxRecord } from "./schema.ts";

export const MEDIA_COLUMNS: Columns<MediaRecord> = {
  id: "text",
  ordinal: "bigint",
  owner: "text",
  file_name: "text",
  size: "bigint",
  content_type: "text",
  sha256: "text",
  bucket: "text",
  object_key: "text",
  marked_key: "text",
  published: "text",
  state: "text",
  upload_id: "text",
  part_size: "bigint",
  error_code: "text",
  error_message: "text",
  trace_id: "text",
  mark_spec: "text",
  version: "bigint",
  created_at_ms: "bigint",
  updated_at_ms: "bigint",
};

export const EVENT_COLUMNS: Columns<EventRecord> = {
  sequence: "bigint",
  media_id: "text",
  owner: "text",
  kind: "text",
  at_ms: "bigint",
  snapshot: "text",
};

export const OUTBOX_COLUMNS: Columns<OutboxRecord> = { outbox_id: "bigint", key: "text", payload: "text" };

export function toMediaRow(record: MediaRecord): MediaRow {
  return {
    id: record.id,
    owner: record.owner,
    fileName: record.file_name,
    size: record.size,
    contentType: record.content_type,
    sha256: record.sha256,
    bucket: record.bucket,
    objectKey: record.object_key,
    markedKey: record.marked_key,
    published: record.published === null ? null : (JSON.parse(record.published) as PublishedPicture),
    state: record.state as MediaState,
    uploadId: record.upload_id,
    partSize: record.part_size,
    errorCode: record.error_code as ErrorCode | null,
    errorMessage: record.error_message,
    traceId: record.trace_id,
    markSpec: record.mark_spec,
    version: record.version,
    createdAtMs: record.created_at_ms,
    updatedAtMs: record.updated_at_ms,
  };
}

export function toMediaRecord(row: MediaRow, ordinal: number): MediaRecord {
  const text = <T extends string | null>(value: T) => (value === null ? null : storable(value)) as T;
  return {
    id: text(row.id),
    ordinal,
    owner: text(row.owner),
    file_name: text(row.fileName),
    size: row.size,
    content_type: text(row.contentType),
    sha256: text(row.sha256),
    bucket: text(row.bucket),
    object_key: text(row.objectKey),
    marked_key: text(row.markedKey),
    published: row.published === null ? null : text(JSON.stringify(row.published)),
    state: row.state,
    upload_id: text(row.uploadId),
    part_size: row.partSize,
    error_code: row.errorCode,
    error_message: text(row.errorMessage),
    trace_id: text(row.traceId),
    mark_spec: text(row.markSpec),
    version: row.version,
    created_at_ms: row.createdAtMs,
    updated_at_ms: row.updatedAtMs,
  };
}

export function toEventRecord(sequence: number, kind: string, row: MediaRow): EventRecord {
  return {
    sequence,
    media_id: row.id,
    owner: row.owner,
    kind,
    at_ms: row.updatedAtMs,
    snapshot: JSON.stringify(row),
  };
}

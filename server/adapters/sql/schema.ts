import type { ColumnType, Generated } from "kysely";

/** Tables as both databases hold them; names in snake case, times in milliseconds of the injected clock. */
export interface Schema {
  meta: { name: string; value: string };
  /** One row a counter. Its row lock is what puts events in commit order, see `media-repository.ts`. */
  counters: { name: string; value: number };
  media_files: MediaRecord;
  media_events: EventRecord;
  outbox: OutboxRecord;
  queue_jobs: JobRecord;
  queue_keys: { queue: string; key: string; job_id: string; expires_at_ms: number };
  swaps: SwapRecord;
  rate_limits: { name: string; next_free_ms: number };
  used_tokens: { key: string; expires_at_ms: number };
  audit_log: AuditRecord;
  mark_templates: { version: string; name: string; operator: string; created_at_ms: number };
}

/** Column → type in a `recordset`; the same names in `Schema`. */
export type Columns<Row> = { readonly [Name in keyof Row]-?: "text" | "bigint" };

export interface MediaRecord {
  id: string;
  /** Sequence of the event that announced it: unique, newest highest; what lists are ordered by. */
  ordinal: number;
  owner: string;
  file_name: string;
  size: number;
  content_type: string;
  sha256: string;
  bucket: string;
  object_key: string;
  marked_key: string | null;
  /** JSON of a `PublishedPicture`. */
  published: string | null;
  state: string;
  upload_id: string | null;
  part_size: number | null;
  error_code: string | null;
  error_message: string | null;
  trace_id: string;
  mark_spec: string;
  version: number;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface EventRecord {
  sequence: number;
  media_id: string;
  owner: string;
  kind: string;
  at_ms: number;
  /** The row after the event, JSON of a `MediaRow`. */
  snapshot: string;
}

export interface OutboxRecord {
  /** The sequence of the event it came with. */
  outbox_id: number;
  key: string;
  payload: string;
}

export interface SwapRecord {
  id: string;
  media_id: string;
  owner: string;
  public_key: string;
  state: string;
  at_ms: number;
  becomes_sha256: string;
  /** JSON of a `ProvenPicture`. */
  becomes: string;
  owns_proof: number;
  /** Id of another swap. */
  follows: string | null;
  snapshot_key: string | null;
  /** JSON of a `Snapshot` without its key. */
  snapshot: string | null;
}

export interface JobRecord {
  /** Ascends in the order of enqueueing: first in, first out among jobs that are due at the same time. */
  ordinal: ColumnType<number, never, never> & Generated<number>;
  id: string;
  queue: string;
  key: string;
  payload: string;
  /** Deliveries so far. */
  attempt: number;
  max_attempts: number;
  /** When it may be taken: at once, after a delay, or when its lease has run out. */
  available_at_ms: number;
  /** Of the present lease; null when nobody has it. */
  token: string | null;
  dead_at_ms: number | null;
  error: string | null;
}

export interface AuditRecord {
  ordinal: ColumnType<number, never, never> & Generated<number>;
  at_ms: number;
  actor: string;
  action: string;
  request_id: string;
  before_json: string;
  after_json: string;
}

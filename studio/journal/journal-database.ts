import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { AppError } from "#kernel/errors.ts";

/** Grows with the schema; the steps below bring an older file up to it. */
const STEPS: readonly string[] = [
  `
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    server_id TEXT NOT NULL,
    root TEXT NOT NULL,
    label TEXT NOT NULL,
    state TEXT NOT NULL,
    mark TEXT NOT NULL,
    -- Counts how often the folder was imported. What carries this number belongs to the latest time.
    run INTEGER NOT NULL,
    ignored INTEGER NOT NULL,
    bytes_total INTEGER NOT NULL,
    bytes_sent INTEGER NOT NULL,
    started_at_ms INTEGER NOT NULL,
    finished_at_ms INTEGER,
    UNIQUE (server_id, root)
  ) STRICT;

  CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    place INTEGER NOT NULL,
    file TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns TEXT NOT NULL,
    state TEXT NOT NULL,
    already INTEGER NOT NULL,
    media_id TEXT,
    media_version INTEGER NOT NULL,
    object_key TEXT,
    marked_key TEXT,
    error_code TEXT,
    error_message TEXT,
    trace_id TEXT NOT NULL,
    -- The run that saw the file last, and its place in that run's work.
    run INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    -- The run that last brought it to an end.
    settled_run INTEGER NOT NULL,
    UNIQUE (job_id, file)
  ) STRICT;
  CREATE INDEX items_work ON items (job_id, run, seen);
  CREATE INDEX items_place ON items (job_id, place);
  -- Holds all that a job's numbers are made of.
  CREATE INDEX items_state ON items (job_id, run, state, already, settled_run);
  CREATE INDEX items_media ON items (media_id);

  CREATE TABLE file_hashes (
    path TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns TEXT NOT NULL,
    sha256 TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE uploads (
    server_id TEXT NOT NULL,
    media_id TEXT NOT NULL,
    upload_id TEXT NOT NULL,
    part_size INTEGER NOT NULL,
    PRIMARY KEY (server_id, media_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE parts (
    server_id TEXT NOT NULL,
    media_id TEXT NOT NULL,
    part_number INTEGER NOT NULL,
    etag TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (server_id, media_id, part_number)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE templates (
    version TEXT PRIMARY KEY,
    operator TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];

/** Opens the journal and brings its tables up to date. What is committed is on disk (WAL, FULL).
 *  @throws AppError `config.invalid` for a file that a newer version has written. */
export function openJournalDatabase(path: string): DatabaseSyncInstance {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -2048;");
  const row = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (row.user_version > STEPS.length) {
    database.close();
    throw new AppError(
      "config.invalid",
      "A newer version of Platemark has worked in this home folder. Install that version, or name another home folder.",
    );
  }
  for (let step = row.user_version; step < STEPS.length; step++)
    database.exec(`BEGIN IMMEDIATE; ${STEPS[step]}; PRAGMA user_version = ${step + 1}; COMMIT;`);
  return database;
}

import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { AppError } from "#kernel/errors.ts";

const SCHEMA_VERSION = 1;

/**
 * `objects` holds every version of every key; the one a plain GET answers has `latest` 1. An object's bytes are one
 * blob, or `object_parts` in order, or none when it is empty. `blobs` counts who refers to a file, because a copy
 * shares its source's.
 */
const SCHEMA = `
CREATE TABLE buckets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL,
  versioning TEXT NOT NULL DEFAULT '',
  policy TEXT,
  cors TEXT,
  lifecycle TEXT
) STRICT;
CREATE TABLE blobs (id TEXT PRIMARY KEY, refs INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE objects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  bucket INTEGER NOT NULL REFERENCES buckets (id),
  key TEXT NOT NULL,
  version TEXT NOT NULL,
  latest INTEGER NOT NULL,
  marker INTEGER NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified_ms INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  tags TEXT NOT NULL,
  blob TEXT
) STRICT;
CREATE UNIQUE INDEX objects_latest ON objects (bucket, key) WHERE latest = 1;
CREATE INDEX objects_versions ON objects (bucket, key, id);
CREATE TABLE object_parts (
  object INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  part_number INTEGER NOT NULL,
  size INTEGER NOT NULL,
  blob TEXT,
  PRIMARY KEY (object, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  bucket INTEGER NOT NULL REFERENCES buckets (id),
  key TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  tags TEXT NOT NULL,
  checksum_algorithm TEXT,
  checksum_type TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_by_key ON uploads (bucket, key, id);
CREATE TABLE upload_parts (
  upload TEXT NOT NULL,
  part_number INTEGER NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  checksum TEXT,
  modified_ms INTEGER NOT NULL,
  blob TEXT,
  PRIMARY KEY (upload, part_number)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens the index for this process alone: the lock also keeps a second store off the same folder, whose sweep would
 * take our blobs for orphans. It falls with the process, however that ends.
 * @throws AppError `home.locked` when another process has it open, `config.invalid` for a newer layout.
 */
export function openIndexDatabase(path: string): DatabaseSyncInstance {
  const db = new DatabaseSync(path);
  try {
    db.exec(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" +
        "PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE",
    );
    const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
    if (version > SCHEMA_VERSION)
      throw new AppError(
        "config.invalid",
        "The object store's folder was written by a newer version of Platemark. Use that version or newer.",
      );
    if (version === 0) db.exec(SCHEMA);
    db.exec("COMMIT");
    return db;
  } catch (cause) {
    db.close();
    if (cause instanceof Error && /locked|busy/i.test(cause.message))
      throw new AppError(
        "home.locked",
        "Another process is serving this object store. Stop it first, or choose another folder.",
        { cause },
      );
    throw cause;
  }
}

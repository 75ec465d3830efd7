import type { DatabaseSyncInstance, StatementSyncInstance } from "@photostructure/sqlite";
import type { Transaction } from "./committer.ts";
import type { Bucket, NewObject, Segment, StoredVersion, Tag } from "./stored-object.ts";

const COLUMNS =
  "id, bucket, key, version, latest, marker, size, etag, modified_ms, attributes, tags, blob" as const;

interface Row {
  readonly id: number;
  readonly bucket: number;
  readonly key: string;
  readonly version: string;
  readonly latest: number;
  readonly marker: number;
  readonly size: number;
  readonly etag: string;
  readonly modified_ms: number;
  readonly attributes: string;
  readonly tags: string;
  readonly blob: string | null;
}

/** The version id of what was written while versioning was not on. */
export const NULL_VERSION = "null";

/** Keys, their versions and their segments. Reads answer what is committed; changes belong into a `Committer`'s work. */
export class ObjectIndex {
  readonly #db: DatabaseSyncInstance;
  readonly #latest: StatementSyncInstance;
  readonly #versions: StatementSyncInstance;
  readonly #insert: StatementSyncInstance;
  readonly #insertPart: StatementSyncInstance;
  readonly #parts: StatementSyncInstance;
  readonly #deleteParts: StatementSyncInstance;
  readonly #delete: StatementSyncInstance;
  readonly #setLatest: StatementSyncInstance;
  readonly #isReferred: StatementSyncInstance;

  constructor(db: DatabaseSyncInstance) {
    this.#db = db;
    this.#latest = db.prepare(`SELECT ${COLUMNS} FROM objects WHERE bucket = ? AND key = ? AND latest = 1`);
    this.#versions = db.prepare(
      `SELECT ${COLUMNS} FROM objects WHERE bucket = ? AND key = ? ORDER BY id DESC`,
    );
    this.#insert = db.prepare(
      "INSERT INTO objects (bucket, key, version, latest, marker, size, etag, modified_ms, attributes, tags, blob)" +
        " VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#insertPart = db.prepare(
      "INSERT INTO object_parts (object, ordinal, part_number, size, blob) VALUES (?, ?, ?, ?, ?)",
    );
    this.#parts = db.prepare(
      "SELECT part_number AS partNumber, size, blob FROM object_parts WHERE object = ? ORDER BY ordinal",
    );
    this.#deleteParts = db.prepare("DELETE FROM object_parts WHERE object = ?");
    this.#delete = db.prepare("DELETE FROM objects WHERE id = ?");
    this.#setLatest = db.prepare("UPDATE objects SET latest = ? WHERE id = ?");
    this.#isReferred = db.prepare("SELECT 1 FROM blobs WHERE id = ?");
  }

  /** The newest version, which may be a delete marker. */
  latest(bucket: Bucket, key: string): StoredVersion | null {
    const row = this.#latest.get(bucket.id, key) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  /** The newest version, if it is an object. */
  current(bucket: Bucket, key: string): StoredVersion | null {
    const latest = this.latest(bucket, key);
    return latest?.marker ? null : latest;
  }

  /** All versions of one key, newest first. */
  versions(bucket: Bucket, key: string): StoredVersion[] {
    return (this.#versions.all(bucket.id, key) as Row[]).map(fromRow);
  }

  version(bucket: Bucket, key: string, version: string): StoredVersion | null {
    return this.versions(bucket, key).find((candidate) => candidate.version === version) ?? null;
  }

  /** The bytes of a version, in order. */
  segments(object: StoredVersion): readonly Segment[] {
    if (object.blob !== null) return [{ partNumber: 0, size: object.size, blob: object.blob }];
    return object.size === 0 && !object.etag.includes("-") ? [] : (this.#parts.all(object.id) as Segment[]);
  }

  /** Makes `object` what the key holds. References to its blobs are taken, those of what it replaces given back. */
  put(
    transaction: Transaction,
    bucket: Bucket,
    key: string,
    object: NewObject,
    write: { readonly version: string; readonly nowMs: number },
  ): void {
    this.#makeRoom(transaction, bucket, key, write.version);
    const [only] = object.segments;
    const single = object.segments.length === 1 && only!.partNumber === 0 ? only! : null;
    const { lastInsertRowid } = this.#insert.run(
      bucket.id,
      key,
      write.version,
      0,
      object.size,
      object.etag,
      write.nowMs,
      JSON.stringify(object.attributes),
      JSON.stringify(object.tags),
      single ? single.blob : null,
    );
    for (const segment of object.segments) transaction.retain(segment.blob);
    if (single) return;
    object.segments.forEach((segment, ordinal) => {
      this.#insertPart.run(lastInsertRowid, ordinal, segment.partNumber, segment.size, segment.blob);
    });
  }

  /** Puts a delete marker on top of the key's versions. */
  putMarker(
    transaction: Transaction,
    bucket: Bucket,
    key: string,
    write: { readonly version: string; readonly nowMs: number },
  ): void {
    this.#makeRoom(transaction, bucket, key, write.version);
    this.#insert.run(bucket.id, key, write.version, 1, 0, "", write.nowMs, "{}", "[]", null);
  }

  /** Removes one version for good; the next older one becomes the latest. */
  remove(transaction: Transaction, bucket: Bucket, object: StoredVersion): void {
    for (const segment of this.segments(object)) transaction.release(segment.blob);
    if (object.blob === null) this.#deleteParts.run(object.id);
    this.#delete.run(object.id);
    if (!object.latest) return;
    const [next] = this.#versions.all(bucket.id, object.key) as Row[];
    if (next) this.#setLatest.run(1, next.id);
  }

  setTags(object: StoredVersion, tags: readonly Tag[]): void {
    this.#db.prepare("UPDATE objects SET tags = ? WHERE id = ?").run(JSON.stringify(tags), object.id);
  }

  isReferred(blob: string): boolean {
    return this.#isReferred.get(blob) !== undefined;
  }

  /**
   * Versions in the order of a listing: keys by their UTF-8 bytes, newest first within a key.
   * `range.from` is inclusive, `range.to` exclusive, `null`: to the end.
   */
  *scan(
    bucket: Bucket,
    range: { readonly from: string; readonly to: string | null },
    which: "current" | "all-versions",
  ): Generator<StoredVersion, void> {
    const [filter, order] =
      which === "current" ? [" AND latest = 1 AND marker = 0", "key"] : ["", "key, id DESC"];
    const to = range.to === null ? "" : " AND key < ?";
    const statement = this.#db.prepare(
      `SELECT ${COLUMNS} FROM objects WHERE bucket = ? AND key >= ?${to}${filter} ORDER BY ${order}`,
    );
    try {
      const bounds = range.to === null ? [range.from] : [range.from, range.to];
      for (const row of statement.iterate(bucket.id, ...bounds)) yield fromRow(row as Row);
    } finally {
      statement.close();
    }
  }

  /** Takes `latest` from the key's versions, and removes the one that `version` overwrites. */
  #makeRoom(transaction: Transaction, bucket: Bucket, key: string, version: string): void {
    const latest = this.latest(bucket, key);
    if (!latest) return;
    if (version !== NULL_VERSION) {
      this.#setLatest.run(0, latest.id);
      return;
    }
    const overwritten = latest.version === NULL_VERSION ? latest : this.version(bucket, key, NULL_VERSION);
    if (overwritten) this.remove(transaction, bucket, overwritten);
    const left = this.latest(bucket, key);
    if (left) this.#setLatest.run(0, left.id);
  }
}

function fromRow(row: Row): StoredVersion {
  return {
    id: row.id,
    bucket: row.bucket,
    key: row.key,
    version: row.version,
    latest: row.latest === 1,
    marker: row.marker === 1,
    size: row.size,
    etag: row.etag,
    modifiedMs: row.modified_ms,
    attributes: JSON.parse(row.attributes),
    tags: JSON.parse(row.tags),
    blob: row.blob,
  };
}

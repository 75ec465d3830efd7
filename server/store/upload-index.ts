import type { DatabaseSyncInstance, StatementSyncInstance } from "@photostructure/sqlite";
import type { ChecksumAlgorithm, ChecksumType } from "./checksum.ts";
import type { Transaction } from "./committer.ts";
import { S3Error } from "./s3-error.ts";
import type { Bucket, ObjectAttributes, Tag } from "./stored-object.ts";

/** An open multipart upload. */
export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly createdMs: number;
  readonly attributes: ObjectAttributes;
  readonly tags: readonly Tag[];
  /** What was announced when it was created. */
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  readonly checksumType: ChecksumType | null;
}

export interface UploadedPart {
  readonly partNumber: number;
  readonly size: number;
  readonly etag: string;
  /** Base64, by the upload's algorithm. */
  readonly checksum: string | null;
  readonly modifiedMs: number;
  readonly blob: string | null;
}

const COLUMNS =
  "id, key, created_ms AS createdMs, attributes, tags, checksum_algorithm AS checksumAlgorithm, checksum_type AS checksumType";
const PART_COLUMNS = "part_number AS partNumber, size, etag, checksum, modified_ms AS modifiedMs, blob";

interface UploadRow extends Omit<Upload, "attributes" | "tags"> {
  readonly attributes: string;
  readonly tags: string;
}

/** Open multipart uploads and their parts. Changes belong into a `Committer`'s work. */
export class UploadIndex {
  readonly #db: DatabaseSyncInstance;
  readonly #find: StatementSyncInstance;
  readonly #part: StatementSyncInstance;
  readonly #putPart: StatementSyncInstance;
  readonly #parts: StatementSyncInstance;

  constructor(db: DatabaseSyncInstance) {
    this.#db = db;
    this.#find = db.prepare(`SELECT ${COLUMNS} FROM uploads WHERE id = ? AND bucket = ? AND key = ?`);
    this.#part = db.prepare(`SELECT ${PART_COLUMNS} FROM upload_parts WHERE upload = ? AND part_number = ?`);
    this.#putPart = db.prepare(
      "INSERT OR REPLACE INTO upload_parts (upload, part_number, size, etag, checksum, modified_ms, blob)" +
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#parts = db.prepare(
      `SELECT ${PART_COLUMNS} FROM upload_parts WHERE upload = ? AND part_number > ? ORDER BY part_number LIMIT ?`,
    );
  }

  create(bucket: Bucket, upload: Upload): void {
    this.#db
      .prepare(
        "INSERT INTO uploads (id, bucket, key, created_ms, attributes, tags, checksum_algorithm, checksum_type)" +
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      )
      .run(
        upload.id,
        bucket.id,
        upload.key,
        upload.createdMs,
        JSON.stringify(upload.attributes),
        JSON.stringify(upload.tags),
        upload.checksumAlgorithm,
        upload.checksumType,
      );
  }

  /** @throws S3Error `NoSuchUpload`. */
  get(bucket: Bucket, key: string, id: string): Upload {
    const row = this.#find.get(id, bucket.id, key) as UploadRow | undefined;
    if (!row) throw new S3Error("NoSuchUpload");
    return fromRow(row);
  }

  /** Keeps a part; one with the same number is replaced. */
  putPart(transaction: Transaction, upload: Upload, part: UploadedPart): void {
    const before = this.#part.get(upload.id, part.partNumber) as UploadedPart | undefined;
    if (before) transaction.release(before.blob);
    transaction.retain(part.blob);
    this.#putPart.run(
      upload.id,
      part.partNumber,
      part.size,
      part.etag,
      part.checksum,
      part.modifiedMs,
      part.blob,
    );
  }

  parts(upload: Upload, page: { readonly after: number; readonly limit: number }): UploadedPart[] {
    return this.#parts.all(upload.id, page.after, page.limit) as UploadedPart[];
  }

  /** Forgets the upload and gives its parts' blobs back. */
  remove(transaction: Transaction, upload: Pick<Upload, "id">): void {
    const blobs = this.#db.prepare("SELECT blob FROM upload_parts WHERE upload = ?").all(upload.id);
    for (const { blob } of blobs as { blob: string | null }[]) transaction.release(blob);
    this.#db.prepare("DELETE FROM upload_parts WHERE upload = ?").run(upload.id);
    this.#db.prepare("DELETE FROM uploads WHERE id = ?").run(upload.id);
  }

  /** In the order of a listing: by key, then by id. */
  *scan(
    bucket: Bucket,
    range: { readonly from: string; readonly to: string | null },
  ): Generator<Upload, void> {
    const to = range.to === null ? "" : " AND key < ?";
    const statement = this.#db.prepare(
      `SELECT ${COLUMNS} FROM uploads WHERE bucket = ? AND key >= ?${to} ORDER BY key, id`,
    );
    try {
      const bounds = range.to === null ? [range.from] : [range.from, range.to];
      for (const row of statement.iterate(bucket.id, ...bounds)) yield fromRow(row as UploadRow);
    } finally {
      statement.close();
    }
  }

  /** Uploads of one bucket that were begun before. */
  startedBefore(
    bucket: Bucket,
    prefix: string,
    beforeMs: number,
    limit: number,
  ): Pick<Upload, "id" | "key">[] {
    return this.#db
      .prepare(
        "SELECT id, key FROM uploads WHERE bucket = ? AND substr(key, 1, length(?)) = ? AND created_ms < ? LIMIT ?",
      )
      .all(bucket.id, prefix, prefix, beforeMs, limit) as Pick<Upload, "id" | "key">[];
  }
}

function fromRow(row: UploadRow): Upload {
  return { ...row, attributes: JSON.parse(row.attributes), tags: JSON.parse(row.tags) };
}

import type { DatabaseSyncInstance, StatementSyncInstance } from "@photostructure/sqlite";
import { S3Error } from "./s3-error.ts";
import type { Bucket } from "./stored-object.ts";

const COLUMNS = "id, name, created_ms AS createdMs, versioning, policy, cors, lifecycle";

/** The buckets. Reads answer what is committed; changes belong into a `Committer`'s work. */
export class BucketIndex {
  readonly #db: DatabaseSyncInstance;
  readonly #byName: StatementSyncInstance;

  constructor(db: DatabaseSyncInstance) {
    this.#db = db;
    this.#byName = db.prepare(`SELECT ${COLUMNS} FROM buckets WHERE name = ?`);
  }

  find(name: string): Bucket | null {
    return (this.#byName.get(name) as Bucket | undefined) ?? null;
  }

  /** @throws S3Error `NoSuchBucket`. */
  get(name: string): Bucket {
    const bucket = this.find(name);
    if (!bucket) throw new S3Error("NoSuchBucket");
    return bucket;
  }

  list(): Bucket[] {
    return this.#db.prepare(`SELECT ${COLUMNS} FROM buckets ORDER BY name`).all() as Bucket[];
  }

  /** @throws S3Error `BucketAlreadyOwnedByYou`. */
  create(name: string, nowMs: number): void {
    if (this.find(name)) throw new S3Error("BucketAlreadyOwnedByYou");
    this.#db.prepare("INSERT INTO buckets (name, created_ms) VALUES (?, ?)").run(name, nowMs);
  }

  /** Open uploads do not keep a bucket, but are the caller's to abort first.
   *  @throws S3Error `BucketNotEmpty` while there is any version of any key. */
  remove(bucket: Bucket): void {
    if (this.#db.prepare("SELECT 1 FROM objects WHERE bucket = ? LIMIT 1").get(bucket.id))
      throw new S3Error("BucketNotEmpty");
    this.#db.prepare("DELETE FROM buckets WHERE id = ?").run(bucket.id);
  }

  configure(
    bucket: Bucket,
    name: "versioning" | "policy" | "cors" | "lifecycle",
    value: string | null,
  ): void {
    this.#db.prepare(`UPDATE buckets SET ${name} = ? WHERE id = ?`).run(value, bucket.id);
  }
}

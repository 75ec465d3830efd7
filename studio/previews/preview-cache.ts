import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";

/** Rendered previews on disk, the least recently used leaving first. It may be deleted at any time. */
export class PreviewCache implements Disposable {
  readonly #database: DatabaseSyncInstance;
  readonly #maxBytes: number;
  readonly #get;
  readonly #touch;
  readonly #put;
  readonly #oldest;
  readonly #remove;
  #bytes: number;

  private constructor(database: DatabaseSyncInstance, maxBytes: number) {
    this.#database = database;
    this.#maxBytes = maxBytes;
    database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -2048;
      CREATE TABLE IF NOT EXISTS previews (
        key TEXT PRIMARY KEY, used_at_ms INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS previews_used ON previews (used_at_ms);`);
    this.#get = database.prepare("SELECT body FROM previews WHERE key = ?");
    this.#touch = database.prepare("UPDATE previews SET used_at_ms = ? WHERE key = ?");
    this.#put = database.prepare("INSERT OR REPLACE INTO previews VALUES (?, ?, ?, ?)");
    this.#oldest = database.prepare("SELECT key, size FROM previews ORDER BY used_at_ms LIMIT 64");
    this.#remove = database.prepare("DELETE FROM previews WHERE key = ?");
    const total = database.prepare("SELECT coalesce(sum(size), 0) AS bytes FROM previews").get();
    this.#bytes = (total as { bytes: number }).bytes;
  }

  /** @param maxBytes of bodies; when there is more, a tenth of it is freed. */
  static open(folder: string, maxBytes: number): PreviewCache {
    mkdirSync(folder, { recursive: true });
    return new PreviewCache(new DatabaseSync(join(folder, "previews.sqlite"), { timeout: 5_000 }), maxBytes);
  }

  get(key: string, nowMs: number): Uint8Array | undefined {
    const row = this.#get.get(key) as { body: Uint8Array } | undefined;
    if (row) this.#touch.run(nowMs, key);
    return row?.body;
  }

  put(key: string, body: Uint8Array, nowMs: number): void {
    this.#put.run(key, nowMs, body.byteLength, body);
    this.#bytes += body.byteLength;
    if (this.#bytes > this.#maxBytes) this.#evict();
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #evict(): void {
    this.#database.exec("BEGIN");
    while (this.#bytes > this.#maxBytes * 0.9) {
      const oldest = this.#oldest.all() as { key: string; size: number }[];
      if (oldest.length === 0) break;
      for (const { key, size } of oldest) {
        if (this.#bytes <= this.#maxBytes * 0.9) break;
        this.#remove.run(key);
        this.#bytes -= size;
      }
    }
    this.#database.exec("COMMIT");
  }
}

import type { DatabaseSyncInstance } from "@photostructure/sqlite";

export interface FileIdentity {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  readonly mtimeNs: string;
}

/** SHA-256 of files as they were at a size and time, so that a second import need not read them again. */
export class FileHashesTable {
  readonly #get;
  readonly #put;

  constructor(database: DatabaseSyncInstance) {
    this.#get = database.prepare(
      "SELECT sha256 FROM file_hashes WHERE path = ? AND size = ? AND mtime_ns = ?",
    );
    this.#put = database.prepare("INSERT OR REPLACE INTO file_hashes VALUES (?, ?, ?, ?)");
  }

  get(file: FileIdentity): string | undefined {
    return (this.#get.get(file.path, file.size, file.mtimeNs) as { sha256: string } | undefined)?.sha256;
  }

  put(file: FileIdentity, sha256: string): void {
    this.#put.run(file.path, file.size, file.mtimeNs, sha256);
  }
}

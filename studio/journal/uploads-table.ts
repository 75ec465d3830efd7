import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import type { ConfirmedPart } from "#upload/ports.ts";

export interface OpenUpload {
  readonly mediaId: string;
  readonly uploadId: string;
  readonly partSize: number;
}

/** Multipart uploads under way on one server, and their confirmed parts. Writes belong into `Journal.commit`. */
export class UploadsTable {
  readonly #get;
  readonly #put;
  readonly #remove;
  readonly #parts;
  readonly #putPart;
  readonly #removeParts;

  constructor(database: DatabaseSyncInstance) {
    this.#get = database.prepare(
      "SELECT upload_id, part_size FROM uploads WHERE server_id = ? AND media_id = ?",
    );
    this.#put = database.prepare("INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?)");
    this.#remove = database.prepare("DELETE FROM uploads WHERE server_id = ? AND media_id = ?");
    this.#parts = database.prepare(
      "SELECT part_number, etag, size FROM parts WHERE server_id = ? AND media_id = ? ORDER BY part_number",
    );
    this.#putPart = database.prepare("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)");
    this.#removeParts = database.prepare("DELETE FROM parts WHERE server_id = ? AND media_id = ?");
  }

  /** Writes down the intention before the first part is sent. Parts of another upload id are forgotten. */
  begin(serverId: string, upload: OpenUpload): void {
    const before = this.#get.get(serverId, upload.mediaId) as
      | { upload_id: string; part_size: number }
      | undefined;
    if (before?.upload_id === upload.uploadId && before.part_size === upload.partSize) return;
    this.#removeParts.run(serverId, upload.mediaId);
    this.#put.run(serverId, upload.mediaId, upload.uploadId, upload.partSize);
  }

  parts(serverId: string, mediaId: string): ConfirmedPart[] {
    const rows = this.#parts.all(serverId, mediaId) as { part_number: number; etag: string; size: number }[];
    return rows.map((row) => ({ partNumber: row.part_number, etag: row.etag, size: row.size }));
  }

  confirm(serverId: string, mediaId: string, part: ConfirmedPart): void {
    this.#putPart.run(serverId, mediaId, part.partNumber, part.etag, part.size);
  }

  /** The upload is complete, or the server has forgotten it. */
  end(serverId: string, mediaId: string): void {
    this.#removeParts.run(serverId, mediaId);
    this.#remove.run(serverId, mediaId);
  }
}

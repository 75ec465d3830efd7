import { createHash } from "node:crypto";
import type { MediaState } from "#contracts/media-state.ts";
import { AppError } from "#kernel/errors.ts";
import type { ConfirmedPart, Transport } from "#upload/ports.ts";
import type {
  Announcement,
  Completed,
  Completion,
  ControlPlane,
  RemoteMedia,
  Ticket,
} from "../../studio/control-plane/control-plane.ts";

interface Row {
  media: RemoteMedia;
  readonly announced: Announcement;
  uploadId: string | null;
}

export interface FakeServerOptions {
  /** Bytes from which files go in parts. @default 16 MiB */
  readonly multipartFrom?: number;
  /** Whether pictures are marked as soon as they are complete. @default true */
  readonly marks?: boolean;
}

/** A control plane and its store in memory, as strict as the real ones about what pipelines get wrong. Calls pass
 *  through `hooks`, where a test makes them fail. */
export class FakeServer {
  readonly rows = new Map<string, Row>();
  readonly objects = new Map<string, Uint8Array>();
  readonly parts = new Map<string, Map<number, Uint8Array>>();
  /** Every PUT that was answered with success: object key and part number. */
  readonly puts: string[] = [];
  /** Templates that it keeps, by version. */
  readonly templates = new Map<string, string>();
  readonly calls = { announce: 0, complete: 0, media: 0, watch: 0 };
  hooks: {
    announce?: (items: readonly Announcement[]) => void;
    put?: (key: string, partNumber: number, attempt: number) => void;
    complete?: (items: readonly Completion[]) => void;
    watch?: (after: bigint) => void;
  } = {};
  /** Changes happen, and nobody hears of them. */
  losesNews = false;
  readonly #options: Required<FakeServerOptions>;
  #sequence = 0n;
  readonly #log: { readonly sequence: bigint; readonly media: RemoteMedia }[] = [];
  #news = Promise.withResolvers<void>();
  readonly #attempts = new Map<string, number>();

  constructor(options: FakeServerOptions = {}) {
    this.#options = { multipartFrom: 16 * 1024 * 1024, marks: true, ...options };
  }

  readonly controlPlane: ControlPlane = {
    health: async () => ({ serverId: "fake", version: "0", nowMs: Date.now() }),
    announce: async (items) => {
      this.calls.announce++;
      this.hooks.announce?.(items);
      return items.map((item) => this.#announce(item));
    },
    putTemplate: async (operator) => {
      const version = sha256(Buffer.from(operator));
      this.templates.set(version, operator);
      return version;
    },
    signParts: async ({ mediaId, uploadId }, parts) => {
      const row = this.#row(mediaId, uploadId);
      return parts.map(({ partNumber }) => ({
        partNumber,
        url: `fake:///${row.media.objectKey}?uploadId=${uploadId}&partNumber=${partNumber}`,
        headers: {},
        expiresAtMs: Date.now() + 900_000,
      }));
    },
    listParts: async ({ mediaId, uploadId }) => this.listed(this.#row(mediaId, uploadId).uploadId!),
    complete: async (items) => {
      this.calls.complete++;
      this.hooks.complete?.(items);
      return items.map((item) => this.#complete(item));
    },
    media: async (ids) => {
      this.calls.media++;
      return {
        items: ids.map((id) => this.rows.get(id)?.media).filter((media) => media !== undefined),
        sequence: this.#sequence,
      };
    },
    watch: (after, { signal }) => this.#watch(after, signal),
    downloadUrl: async (mediaId) => `fake:///${this.rows.get(mediaId)?.media.markedKey}`,
  };

  readonly transport: Transport = {
    put: async ({ url }, { source, start, end }, { signal, onSent }) => {
      signal.throwIfAborted();
      const { pathname, searchParams } = new URL(url);
      const key = pathname.slice(1);
      const partNumber = Number(searchParams.get("partNumber") ?? 0);
      const name = `${key}#${partNumber}`;
      const attempt = (this.#attempts.get(name) ?? 0) + 1;
      this.#attempts.set(name, attempt);
      this.hooks.put?.(key, partNumber, attempt);
      const chunks: Uint8Array[] = [];
      for await (const chunk of source.stream(start, end)) chunks.push(chunk.slice());
      const body = new Uint8Array(Buffer.concat(chunks));
      if (body.length !== end - start) throw new AppError("upload.size_mismatch", "Wrong size.");
      const uploadId = searchParams.get("uploadId");
      if (uploadId === null) this.objects.set(key, body);
      else {
        const parts = this.parts.get(uploadId);
        if (!parts) throw new AppError("upload.gone", "No such upload.");
        parts.set(partNumber, body);
      }
      this.puts.push(name);
      onSent?.(body.length);
      return { etag: sha256(body).slice(0, 32) };
    },
  };

  /** What a worker or another client does to a picture. */
  set(mediaId: string, change: Partial<Omit<RemoteMedia, "id" | "version">>): void {
    const row = this.rows.get(mediaId);
    if (!row) throw new Error(`No picture ${mediaId}.`);
    row.media = { ...row.media, ...change, version: row.media.version + 1 };
    if (this.losesNews) return;
    this.#sequence++;
    this.#log.push({ sequence: this.#sequence, media: row.media });
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  mark(mediaId: string): void {
    const { objectKey } = this.rows.get(mediaId)!.media;
    this.set(mediaId, { state: "marked", markedKey: objectKey.replace("raw/", "watermarked/") });
  }

  /** Rows by state. */
  states(): Partial<Record<MediaState, number>> {
    const counts: Partial<Record<MediaState, number>> = {};
    for (const { media } of this.rows.values()) counts[media.state] = (counts[media.state] ?? 0) + 1;
    return counts;
  }

  listed(uploadId: string): ConfirmedPart[] {
    const parts = this.parts.get(uploadId);
    if (!parts) throw new AppError("upload.gone", "No such upload.");
    return [...parts].map(([partNumber, body]) => ({
      partNumber,
      etag: sha256(body).slice(0, 32),
      size: body.length,
    }));
  }

  #announce(item: Announcement): Ticket {
    const known = [...this.rows.values()].find((row) => row.announced.sha256 === item.sha256);
    if (known && known.media.state !== "uploading") return { kind: "already", media: known.media };
    const row = known ?? this.#create(item);
    const { id: mediaId, objectKey } = row.media;
    if (item.size < this.#options.multipartFrom)
      return {
        kind: "put",
        mediaId,
        objectKey,
        request: { url: `fake:///${objectKey}`, headers: {}, expiresAtMs: Date.now() + 900_000 },
      };
    if (row.uploadId === null || !this.parts.has(row.uploadId)) {
      row.uploadId = `upload-${mediaId}-${this.parts.size}`;
      this.parts.set(row.uploadId, new Map());
    }
    return { kind: "multipart", mediaId, objectKey, uploadId: row.uploadId, partSize: 5 * 1024 * 1024 };
  }

  #create(announced: Announcement): Row {
    const id = `media-${this.rows.size + 1}`;
    const media: RemoteMedia = {
      id,
      state: "uploading",
      objectKey: `raw/studio/${id}`,
      markedKey: null,
      error: null,
      version: 1,
    };
    const row: Row = { media, announced, uploadId: null };
    this.rows.set(id, row);
    return row;
  }

  #complete({ mediaId, uploadId, parts }: Completion): Completed {
    const row = this.rows.get(mediaId);
    if (!row) return { kind: "error", error: { code: "not_found", message: "No such picture." } };
    if (row.media.state !== "uploading") return { kind: "media", media: row.media };
    if (uploadId !== null) {
      const stored = this.parts.get(uploadId);
      if (!stored) return { kind: "error", error: { code: "upload.gone", message: "No such upload." } };
      const bodies = parts.map(({ partNumber }) => stored.get(partNumber)!);
      this.objects.set(row.media.objectKey, new Uint8Array(Buffer.concat(bodies)));
      this.parts.delete(uploadId);
    }
    const body = this.objects.get(row.media.objectKey);
    if (!body || sha256(body) !== row.announced.sha256)
      return { kind: "error", error: { code: "upload.checksum_mismatch", message: "Other bytes arrived." } };
    this.set(mediaId, { state: "uploaded" });
    const completed = row.media;
    if (this.#options.marks) this.mark(mediaId);
    return { kind: "media", media: completed };
  }

  async *#watch(
    after: bigint,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly items: readonly RemoteMedia[]; readonly sequence: bigint }> {
    this.calls.watch++;
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    let seen = after;
    yield { items: [], sequence: seen };
    while (!signal.aborted) {
      this.hooks.watch?.(after);
      const news = this.#news.promise;
      const fresh = this.#log.filter(({ sequence }) => sequence > seen);
      if (fresh.length > 0) {
        seen = fresh.at(-1)!.sequence;
        yield { items: fresh.map(({ media }) => media), sequence: seen };
      } else await Promise.race([news, stopped]);
    }
    throw new AppError("aborted", "Stopped.");
  }

  #row(mediaId: string, uploadId: string): Row {
    const row = this.rows.get(mediaId);
    if (!row || row.uploadId !== uploadId || !this.parts.has(uploadId))
      throw new AppError("upload.gone", "No such upload.");
    return row;
  }
}

function sha256(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}

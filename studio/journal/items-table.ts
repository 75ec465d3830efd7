import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import { isSettled, type MediaState, mayFollow } from "#contracts/media-state.ts";
import { AppError, type ErrorCode, isErrorCode } from "#kernel/errors.ts";
import { type ItemChange, type ItemRow, isItemSettled } from "./item-row.ts";

interface Stored {
  readonly id: number;
  readonly job_id: string;
  readonly place: number;
  readonly file: string;
  readonly size: number;
  readonly mtime_ns: string;
  readonly state: MediaState;
  readonly already: number;
  readonly media_id: string | null;
  readonly media_version: number;
  readonly object_key: string | null;
  readonly marked_key: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly trace_id: string;
  readonly run: number;
  readonly seen: number;
  readonly settled_run: number;
}

/** A file that a scan has found. `refusal`: why it cannot be marked, known by its name or size. */
export interface SeenFile {
  readonly file: string;
  readonly size: number;
  readonly mtimeNs: string;
  readonly traceId: string;
  readonly refusal: { readonly code: ErrorCode; readonly message: string } | null;
}

/** Pictures of one run of a job. */
export interface Tally {
  readonly counts: Partial<Record<MediaState, number>>;
  readonly found: number;
  readonly already: number;
  /** That the run has brought to an end. */
  readonly settled: number;
}

export type ItemFilter = "all" | "failed" | "marked";

/** What a picture is before anything has been done about it. */
const UNBEGUN = {
  state: "found",
  already: false,
  mediaId: null,
  mediaVersion: 0,
  objectKey: null,
  markedKey: null,
  errorCode: null,
  errorMessage: null,
  settledRun: 0,
} as const satisfies Partial<ItemRow>;

/** The journal's pictures. Writes belong into `Journal.commit`. */
export class ItemsTable {
  readonly #database: DatabaseSyncInstance;
  readonly #byId;
  readonly #byFile;
  readonly #byMedia;
  readonly #work;
  readonly #open;
  readonly #failed;
  readonly #tally;
  readonly #last;
  readonly #put;

  constructor(database: DatabaseSyncInstance) {
    this.#database = database;
    this.#byId = database.prepare("SELECT * FROM items WHERE id = ?");
    this.#byFile = database.prepare("SELECT * FROM items WHERE job_id = ? AND file = ?");
    this.#byMedia = database.prepare("SELECT * FROM items WHERE media_id = ?");
    this.#work = database.prepare(`
      SELECT * FROM items WHERE job_id = ? AND run = ? AND seen > ? AND settled_run < run ORDER BY seen LIMIT ?`);
    this.#open = database.prepare(`
      SELECT id, media_id FROM items
      WHERE job_id = ? AND run = ? AND id > ? AND settled_run < run AND media_id IS NOT NULL ORDER BY id LIMIT ?`);
    this.#failed = database.prepare(
      "SELECT * FROM items WHERE job_id = ? AND run = ? AND state = 'failed' AND settled_run = run ORDER BY place",
    );
    this.#tally = database.prepare(`
      SELECT state, count(*) AS found, sum(already) AS already, sum(settled_run = run) AS settled
      FROM items WHERE job_id = ? AND run = ? GROUP BY state`);
    this.#last = database.prepare(`
      SELECT coalesce((SELECT max(place) FROM items WHERE job_id = ?1), -1) AS place,
        coalesce((SELECT max(seen) FROM items WHERE job_id = ?1 AND run = ?2), 0) AS seen`);
    this.#put = database.prepare(`
      INSERT INTO items (id, job_id, place, file, size, mtime_ns, state, already, media_id, media_version,
                         object_key, marked_key, error_code, error_message, trace_id, run, seen, settled_run)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, state = excluded.state,
        already = excluded.already, media_id = excluded.media_id,
        media_version = excluded.media_version, object_key = excluded.object_key, marked_key = excluded.marked_key,
        error_code = excluded.error_code, error_message = excluded.error_message, trace_id = excluded.trace_id,
        run = excluded.run, seen = excluded.seen, settled_run = excluded.settled_run`);
  }

  get(id: string): ItemRow | undefined {
    return toItem(this.#byId.get(Number(id)) as Stored | undefined);
  }

  ofMedia(mediaId: string): ItemRow[] {
    return (this.#byMedia.all(mediaId) as Stored[]).map(toRow);
  }

  /** What a run has still to do, in the order in which it was seen. */
  work(job: { readonly id: string; readonly run: number }, afterSeen: number, limit: number): ItemRow[] {
    return (this.#work.all(job.id, job.run, afterSeen, limit) as Stored[]).map(toRow);
  }

  /** Unsettled pictures that the server knows. */
  open(
    job: { readonly id: string; readonly run: number },
    afterId: string,
    limit: number,
  ): { readonly id: string; readonly mediaId: string }[] {
    const rows = this.#open.all(job.id, job.run, Number(afterId), limit) as {
      id: number;
      media_id: string;
    }[];
    return rows.map((row) => ({ id: String(row.id), mediaId: row.media_id }));
  }

  /** Failed pictures of the run. */
  failed(job: { readonly id: string; readonly run: number }): ItemRow[] {
    return (this.#failed.all(job.id, job.run) as Stored[]).map(toRow);
  }

  /** The run in numbers. */
  tally(job: { readonly id: string; readonly run: number }): Tally {
    const rows = this.#tally.all(job.id, job.run) as (Omit<Tally, "counts"> & {
      readonly state: MediaState;
    })[];
    const sum = (name: "found" | "already" | "settled") => rows.reduce((total, row) => total + row[name], 0);
    return {
      counts: Object.fromEntries(rows.map(({ state, found }) => [state, found])),
      found: sum("found"),
      already: sum("already"),
      settled: sum("settled"),
    };
  }

  page(
    job: { readonly id: string; readonly run: number },
    filter: ItemFilter,
    offset: number,
    limit: number,
  ): { readonly total: number; readonly items: ItemRow[] } {
    const where = { all: "", failed: "AND state = 'failed'", marked: "AND state IN ('marked', 'published')" }[
      filter
    ];
    const total = this.#database
      .prepare(`SELECT count(*) AS n FROM items WHERE job_id = ? AND run = ? ${where}`)
      .get(job.id, job.run) as { n: number };
    const rows = this.#database
      .prepare(`SELECT * FROM items WHERE job_id = ? AND run = ? ${where} ORDER BY place LIMIT ? OFFSET ?`)
      .all(job.id, job.run, limit, offset) as Stored[];
    return { total: total.n, items: rows.map(toRow) };
  }

  /** The last picture's place in the job and turn in the run, -1 and 0 when there is none. */
  last(job: { readonly id: string; readonly run: number }): {
    readonly place: number;
    readonly seen: number;
  } {
    return this.#last.get(job.id, job.run) as { place: number; seen: number };
  }

  /** Writes down a file that this run's scan has found: a new picture, a picture known from the run before, or, when
   *  the file has changed since, a new picture in its place. */
  see(job: { readonly id: string; readonly run: number }, file: SeenFile): { item: ItemRow; isNew: boolean } {
    const last = this.last(job);
    const before = toItem(this.#byFile.get(job.id, file.file) as Stored | undefined);
    if (before && before.run === job.run) return { item: before, isNew: false };
    const same = before && before.size === file.size && before.mtimeNs === file.mtimeNs;
    const fresh: ItemRow = {
      id: before?.id ?? "",
      jobId: job.id,
      index: before?.index ?? last.place + 1,
      file: file.file,
      size: file.size,
      mtimeNs: file.mtimeNs,
      ...UNBEGUN,
      traceId: file.traceId,
      run: job.run,
      seen: last.seen + 1,
    };
    const seen: ItemRow = same ? { ...before, already: false, run: job.run, seen: last.seen + 1 } : fresh;
    const item: ItemRow = file.refusal
      ? {
          ...seen,
          state: "failed",
          errorCode: file.refusal.code,
          errorMessage: file.refusal.message,
          settledRun: job.run,
        }
      : seen;
    const id = this.#write(item);
    return { item: { ...item, id }, isNew: true };
  }

  /** Changes one picture and answers it as it was and as it is; `undefined` when it does not exist.
   *  @throws AppError `conflict` when `mayFollow` forbids the state. */
  change(id: string, change: ItemChange): { readonly before: ItemRow; readonly after: ItemRow } | undefined {
    const before = this.get(id);
    if (!before) return undefined;
    const after = { ...before, ...change };
    if (after.state !== before.state && !mayFollow(before.state, after.state))
      throw new AppError("conflict", `A picture cannot go from ${before.state} to ${after.state}.`);
    const settled =
      change.settledRun === undefined && isSettled(after.state) && after.state !== before.state
        ? { ...after, settledRun: after.run }
        : after;
    this.#write(settled);
    return { before, after: settled };
  }

  /** Failed pictures of the run are to be tried again, after all others. Answers those that are.
   *  @param ids which of them; `undefined`: all. */
  retry(job: { readonly id: string; readonly run: number }, ids: ReadonlySet<string> | undefined): ItemRow[] {
    const retried = this.failed(job).filter((item) => ids === undefined || ids.has(item.id));
    return retried.map((item) => {
      const again = { ...asRetried(item), settledRun: 0, seen: this.last(job).seen + 1 };
      this.#write(again);
      return again;
    });
  }

  /** A picture whose bytes the server does not have (any more) begins again; it keeps its trace id. */
  beginAgain(id: string): { readonly before: ItemRow; readonly after: ItemRow } | undefined {
    const before = this.get(id);
    if (!before || (before.state === "found" && !isItemSettled(before))) return undefined;
    const after: ItemRow = {
      ...before,
      ...UNBEGUN,
    };
    this.#write(after);
    return { before, after };
  }

  #write(item: ItemRow): string {
    const { lastInsertRowid } = this.#put.run(
      item.id === "" ? null : Number(item.id),
      item.jobId,
      item.index,
      item.file,
      item.size,
      item.mtimeNs,
      item.state,
      Number(item.already),
      item.mediaId,
      item.mediaVersion,
      item.objectKey,
      item.markedKey,
      item.errorCode,
      item.errorMessage,
      item.traceId,
      item.run,
      item.seen,
      item.settledRun,
    );
    return item.id === "" ? String(lastInsertRowid) : item.id;
  }
}

/** A picture known from before, before the server has been asked about it again: no old news may settle it. */
function asRetried(item: ItemRow): ItemRow {
  const again = { ...item, already: false, mediaId: null, mediaVersion: 0 };
  return item.state === "failed" ? { ...again, state: "queued", errorCode: null, errorMessage: null } : again;
}

function toItem(row: Stored | undefined): ItemRow | undefined {
  return row && toRow(row);
}

function toRow(row: Stored): ItemRow {
  return {
    id: String(row.id),
    jobId: row.job_id,
    index: row.place,
    file: row.file,
    size: row.size,
    mtimeNs: row.mtime_ns,
    state: row.state,
    already: row.already === 1,
    mediaId: row.media_id,
    mediaVersion: row.media_version,
    objectKey: row.object_key,
    markedKey: row.marked_key,
    errorCode: row.error_code !== null && isErrorCode(row.error_code) ? row.error_code : null,
    errorMessage: row.error_message,
    traceId: row.trace_id,
    run: row.run,
    seen: row.seen,
    settledRun: row.settled_run,
  };
}

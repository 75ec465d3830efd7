import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import { markSchema } from "#contracts/mark.ts";
import type { JobChange, JobRow } from "./job-row.ts";

interface Stored {
  readonly id: string;
  readonly server_id: string;
  readonly root: string;
  readonly label: string;
  readonly state: JobRow["state"];
  readonly mark: string;
  readonly run: number;
  readonly ignored: number;
  readonly bytes_total: number;
  readonly bytes_sent: number;
  readonly started_at_ms: number;
  readonly finished_at_ms: number | null;
}

/** The journal's jobs. Writes belong into `Journal.commit`. */
export class JobsTable {
  readonly #byId;
  readonly #byRoot;
  readonly #all;
  readonly #put;

  constructor(database: DatabaseSyncInstance) {
    this.#byId = database.prepare("SELECT * FROM jobs WHERE id = ?");
    this.#byRoot = database.prepare("SELECT * FROM jobs WHERE server_id = ? AND root = ?");
    this.#all = database.prepare("SELECT * FROM jobs WHERE server_id = ? ORDER BY started_at_ms DESC, id");
    this.#put = database.prepare(`
      INSERT INTO jobs (id, server_id, root, label, state, mark, run, ignored, bytes_total, bytes_sent,
                        started_at_ms, finished_at_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET state = excluded.state, mark = excluded.mark, run = excluded.run,
        ignored = excluded.ignored, bytes_total = excluded.bytes_total, bytes_sent = excluded.bytes_sent,
        started_at_ms = excluded.started_at_ms, finished_at_ms = excluded.finished_at_ms`);
  }

  get(id: string): JobRow | undefined {
    const row = this.#byId.get(id) as Stored | undefined;
    return row && toJob(row);
  }

  ofFolder(serverId: string, root: string): JobRow | undefined {
    const row = this.#byRoot.get(serverId, root) as Stored | undefined;
    return row && toJob(row);
  }

  /** Latest first. */
  all(serverId: string): JobRow[] {
    return (this.#all.all(serverId) as Stored[]).map(toJob);
  }

  put(job: JobRow): void {
    this.#put.run(
      job.id,
      job.serverId,
      job.root,
      job.label,
      job.state,
      JSON.stringify(job.mark),
      job.run,
      job.ignored,
      job.bytesTotal,
      job.bytesSent,
      job.startedAtMs,
      job.finishedAtMs,
    );
  }

  change(id: string, change: JobChange): void {
    const job = this.get(id);
    if (job) this.put({ ...job, ...change });
  }
}

function toJob(row: Stored): JobRow {
  return {
    id: row.id,
    serverId: row.server_id,
    root: row.root,
    label: row.label,
    state: row.state,
    mark: markSchema.parse(JSON.parse(row.mark)),
    run: row.run,
    ignored: row.ignored,
    bytesTotal: row.bytes_total,
    bytesSent: row.bytes_sent,
    startedAtMs: row.started_at_ms,
    finishedAtMs: row.finished_at_ms,
  };
}

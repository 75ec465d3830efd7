import { sql } from "kysely";
import { KEY_LIFETIME_MS } from "../queue/semantics.ts";
import type { Database } from "./database.ts";
import { columnList, isOneOf, recordset } from "./recordset.ts";
import type { Columns, JobRecord, Schema } from "./schema.ts";

export interface NewJob {
  readonly id: string;
  readonly key: string;
  /** JSON. */
  readonly payload: string;
  readonly availableAtMs: number;
  readonly maxAttempts: number;
}

const KEY_COLUMNS: Columns<Schema["queue_keys"]> = {
  queue: "text",
  key: "text",
  job_id: "text",
  expires_at_ms: "bigint",
};

type InsertedJob = Pick<
  JobRecord,
  "id" | "queue" | "key" | "payload" | "attempt" | "max_attempts" | "available_at_ms"
>;
const JOB_COLUMNS: Columns<InsertedJob> = {
  id: "text",
  queue: "text",
  key: "text",
  payload: "text",
  attempt: "bigint",
  max_attempts: "bigint",
  available_at_ms: "bigint",
};

/** Adds those jobs whose key is new or older than its lifetime, in one transaction; answers for each, in order. */
export async function enqueueJobs(
  database: Database,
  queue: string,
  nowMs: number,
  jobs: readonly NewJob[],
): Promise<readonly { readonly id: string; readonly duplicate: boolean }[]> {
  const firsts = new Map<string, NewJob>();
  for (const job of jobs) if (!firsts.has(job.key)) firsts.set(job.key, job);
  // Sorted, so that two processes take row locks in the same order.
  const candidates = [...firsts.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  const idOfKey = await database.write(async (trx) => {
    const { kind } = database;
    const keys = candidates.map((job) => ({
      queue,
      key: job.key,
      job_id: job.id,
      expires_at_ms: nowMs + KEY_LIFETIME_MS,
    }));
    const keyColumns = columnList(KEY_COLUMNS);
    await sql`insert into queue_keys (${keyColumns})
      select ${keyColumns} from ${recordset(kind, KEY_COLUMNS, keys)} where true
      on conflict (queue, key) do update set job_id = excluded.job_id, expires_at_ms = excluded.expires_at_ms
      where queue_keys.expires_at_ms <= ${nowMs}`.execute(trx);
    const present = await trx
      .selectFrom("queue_keys")
      .select(["key", "job_id"])
      .where("queue", "=", queue)
      .where(isOneOf(kind, "key", [...firsts.keys()]))
      .execute();
    const ids = new Map(present.map((row) => [row.key, row.job_id]));
    const added = jobs.filter((job) => ids.get(job.key) === job.id);
    if (added.length > 0) {
      const jobColumns = columnList(JOB_COLUMNS);
      const rows: InsertedJob[] = added.map((job) => ({
        id: job.id,
        queue,
        key: job.key,
        payload: job.payload,
        attempt: 0,
        max_attempts: job.maxAttempts,
        available_at_ms: job.availableAtMs,
      }));
      await sql`insert into queue_jobs (${jobColumns})
        select ${jobColumns} from ${recordset(kind, JOB_COLUMNS, rows)} where true`.execute(trx);
    }
    return ids;
  });
  return jobs.map((job) => {
    const id = idOfKey.get(job.key) ?? job.id;
    return { id, duplicate: id !== job.id };
  });
}

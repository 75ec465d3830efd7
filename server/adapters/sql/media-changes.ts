import { sql, type Transaction } from "kysely";
import { mayFollow } from "#contracts/media-state.ts";
import { AppError } from "#kernel/errors.ts";
import type { MediaChange, MediaRow, OutboxJob } from "../../services/ports/media-repository.ts";
import type { DatabaseKind } from "./database.ts";
import {
  EVENT_COLUMNS,
  MEDIA_COLUMNS,
  OUTBOX_COLUMNS,
  toEventRecord,
  toMediaRecord,
  toMediaRow,
} from "./media-record.ts";
import { columnList, isOneOf, recordset, storable } from "./recordset.ts";
import type { EventRecord, MediaRecord, OutboxRecord, Schema } from "./schema.ts";
import { finishSwaps } from "./swap-ledger.ts";

export interface ChangeRequest {
  readonly id: string;
  readonly expectedVersion: number;
  readonly change: MediaChange;
  readonly then: { readonly event: string; readonly job?: OutboxJob; readonly swapDone?: string };
}

/** What a change can touch; the rest of a row stays as announced. */
const CHANGED_COLUMNS = [
  "marked_key",
  "published",
  "state",
  "upload_id",
  "part_size",
  "error_code",
  "error_message",
  "trace_id",
  "mark_spec",
  "version",
  "updated_at_ms",
] as const satisfies readonly (keyof MediaRecord)[];

/**
 * Decides and writes a batch of changes, in order, in a few statements whatever their number. A row may occur more than
 * once: the later request sees what the earlier one made. The caller's transaction must hold the event counter.
 */
export async function applyChanges(
  trx: Transaction<Schema>,
  kind: DatabaseKind,
  requests: readonly ChangeRequest[],
  { nowMs, nextSequence }: { readonly nowMs: number; readonly nextSequence: number },
): Promise<readonly (MediaRow | null | AppError)[]> {
  const ids = [...new Set(requests.map(({ id }) => id))];
  const found = await trx
    .selectFrom("media_files")
    .selectAll()
    .where(isOneOf(kind, "id", ids))
    .execute();
  const current = new Map(found.map((record) => [record.id, record]));
  const changed = new Map<string, MediaRecord>();
  const events: EventRecord[] = [];
  const jobs: OutboxRecord[] = [];
  const swaps: string[] = [];

  const outcomes = requests.map((request, index) => {
    const record = current.get(request.id);
    if (record?.version !== request.expectedVersion) return null;
    const row = changedRow(toMediaRow(record), request.change, nowMs);
    if (row instanceof AppError) return row;
    const next = toMediaRecord(row, record.ordinal);
    const sequence = nextSequence + index;
    current.set(next.id, next);
    changed.set(next.id, next);
    events.push(toEventRecord(sequence, request.then.event, toMediaRow(next)));
    const { job, swapDone } = request.then;
    if (swapDone !== undefined) swaps.push(swapDone);
    if (job)
      jobs.push({
        outbox_id: sequence,
        key: storable(job.key),
        payload: JSON.stringify(job.payload ?? null),
      });
    return toMediaRow(next);
  });

  if (changed.size > 0) await updateRows(trx, kind, [...changed.values()]);
  if (events.length > 0) {
    const columns = columnList(EVENT_COLUMNS);
    await sql`insert into media_events (${columns})
      select ${columns} from ${recordset(kind, EVENT_COLUMNS, events)} where true`.execute(trx);
  }
  if (jobs.length > 0) {
    const columns = columnList(OUTBOX_COLUMNS);
    await sql`insert into outbox (${columns})
      select ${columns} from ${recordset(kind, OUTBOX_COLUMNS, jobs)} where true`.execute(trx);
  }
  if (swaps.length > 0) await finishSwaps(trx, kind, swaps);
  return outcomes;
}

function changedRow(row: MediaRow, change: MediaChange, nowMs: number): MediaRow | AppError {
  if (change.state !== undefined && change.state !== row.state && !mayFollow(row.state, change.state))
    return new AppError("conflict", `A picture that is ${row.state} cannot become ${change.state}.`, {
      details: { id: row.id, from: row.state, to: change.state },
    });
  return { ...row, ...change, version: row.version + 1, updatedAtMs: nowMs };
}

async function updateRows(
  trx: Transaction<Schema>,
  kind: DatabaseKind,
  records: readonly MediaRecord[],
): Promise<void> {
  const assignments = CHANGED_COLUMNS.map((name) => sql`${sql.ref(name)} = ${sql.ref(`r.${name}`)}`);
  await sql`update media_files set ${sql.join(assignments)}
    from ${recordset(kind, MEDIA_COLUMNS, records)} where media_files.id = r.id`.execute(trx);
}

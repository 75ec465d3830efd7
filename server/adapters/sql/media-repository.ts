import { sql, type Transaction } from "kysely";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Random } from "#kernel/random.ts";
import type {
  MediaEvent,
  MediaRepository,
  MediaRow,
  NewMedia,
  OutboxJob,
} from "../../services/ports/media-repository.ts";
import { Combiner } from "./combiner.ts";
import type { Database } from "./database.ts";
import { applyChanges, type ChangeRequest } from "./media-changes.ts";
import { EVENT_COLUMNS, MEDIA_COLUMNS, toEventRecord, toMediaRecord, toMediaRow } from "./media-record.ts";
import { fromPageToken, toPageToken } from "./page-token.ts";
import { columnList, isOneOf, recordset } from "./recordset.ts";
import { removedUpTo, removeOldEvents } from "./retention.ts";
import type { Schema } from "./schema.ts";

/** Rows in one statement. */
const ROWS_PER_STATEMENT = 1_000;
const MAX_PAGE_SIZE = 1_000;

export interface MediaRepositoryDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** `close` leaves the database open: whoever opened it closes it. */
export function createSqlMediaRepository(database: Database, deps: MediaRepositoryDeps): MediaRepository {
  return new SqlMediaRepository(database, deps);
}

/**
 * Sequence numbers in commit order: every transaction that writes a row or an event first adds to the counter
 * `media_events`, and so holds that row's lock until its commit; no later number can become visible before an earlier
 * one, which a PostgreSQL sequence would allow. It also means that between that lock and the commit nobody else writes
 * `media_files`, so a version read there is still the version when it is written.
 * Writers thus go one after the other; `change` makes up for it by group commit.
 */
class SqlMediaRepository implements MediaRepository {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #changes: Combiner<ChangeRequest, MediaRow | null>;
  #serverId: string | null = null;

  constructor(database: Database, { clock }: MediaRepositoryDeps) {
    this.#database = database;
    this.#clock = clock;
    this.#changes = new Combiner((requests) =>
      database.write(async (trx) =>
        applyChanges(trx, database.kind, requests, {
          nowMs: Math.floor(clock.now()),
          nextSequence: await takeSequences(trx, requests.length),
        }),
      ),
    );
  }

  async serverId(): Promise<string> {
    this.#serverId ??= await this.#database.read(async (db) => {
      const row = await db
        .selectFrom("meta")
        .select("value")
        .where("name", "=", "server_id")
        .executeTakeFirstOrThrow();
      return row.value;
    });
    return this.#serverId;
  }

  async announce(
    items: readonly NewMedia[],
  ): Promise<readonly { readonly row: MediaRow; readonly created: boolean }[]> {
    if (items.length === 0) return [];
    const nowMs = Math.floor(this.#clock.now());
    const { rows, created } = await this.#database.write(async (trx) => {
      const first = await takeSequences(trx, items.length);
      const found: MediaRow[] = [];
      const inserted = new Set<string>();
      for (let start = 0; start < items.length; start += ROWS_PER_STATEMENT) {
        const chunk = items.slice(start, start + ROWS_PER_STATEMENT);
        const result = await this.#announceChunk(trx, chunk, first + start, nowMs);
        found.push(...result.rows);
        for (const id of result.inserted) inserted.add(id);
      }
      return { rows: found, created: inserted };
    });
    const byContent = new Map(rows.map((row) => [contentKey(row), row]));
    return items.map((item) => {
      const row = byContent.get(contentKey(item));
      if (!row) throw new AppError("internal", `The row announced for “${item.fileName}” is missing.`);
      return { row, created: row.id === item.id && created.delete(row.id) };
    });
  }

  async #announceChunk(
    trx: Transaction<Schema>,
    items: readonly NewMedia[],
    firstSequence: number,
    nowMs: number,
  ): Promise<{ readonly rows: readonly MediaRow[]; readonly inserted: readonly string[] }> {
    const { kind } = this.#database;
    const records = items.map((item, index) => toMediaRecord(newRow(item, nowMs), firstSequence + index));
    const columns = columnList(MEDIA_COLUMNS);
    // "where true" keeps SQLite from reading "on conflict" as a join's condition.
    const { rows: inserted } = await sql<{ id: string }>`insert into media_files (${columns})
      select ${columns} from ${recordset(kind, MEDIA_COLUMNS, records)} where true order by ordinal
      on conflict (owner, sha256) do nothing returning id`.execute(trx);
    const ids = new Set(inserted.map(({ id }) => id));
    const events = records
      .filter((record) => ids.delete(record.id))
      .map((record) => toEventRecord(record.ordinal, "media.announced", toMediaRow(record)));
    if (events.length > 0) {
      const eventColumns = columnList(EVENT_COLUMNS);
      await sql`insert into media_events (${eventColumns})
        select ${eventColumns} from ${recordset(kind, EVENT_COLUMNS, events)} where true`.execute(trx);
    }
    const rows: MediaRow[] = [];
    for (const [owner, owned] of Map.groupBy(records, (record) => record.owner)) {
      const hashes = owned.map((record) => record.sha256);
      const found = await trx
        .selectFrom("media_files")
        .selectAll()
        .where("owner", "=", owner)
        .where(isOneOf(kind, "sha256", hashes))
        .execute();
      rows.push(...found.map(toMediaRow));
    }
    return { rows, inserted: inserted.map(({ id }) => id) };
  }

  async get(
    ids: readonly string[],
    { owner }: { readonly owner?: string } = {},
  ): Promise<readonly MediaRow[]> {
    if (ids.length === 0) return [];
    const { kind } = this.#database;
    const records = await this.#database.read((db) => {
      const query = db
        .selectFrom("media_files")
        .selectAll()
        .where(isOneOf(kind, "id", ids));
      return (owner === undefined ? query : query.where("owner", "=", owner)).execute();
    });
    return records.map(toMediaRow);
  }

  async findByContent(owner: string, sha256: string): Promise<MediaRow | null> {
    const record = await this.#database.read((db) =>
      db
        .selectFrom("media_files")
        .selectAll()
        .where("owner", "=", owner)
        .where("sha256", "=", sha256)
        .executeTakeFirst(),
    );
    return record ? toMediaRow(record) : null;
  }

  /** No states, or an empty list of them: whatever their state. */
  async list({
    owner,
    pageSize,
    pageToken,
    states,
  }: Parameters<MediaRepository["list"]>[0]): ReturnType<MediaRepository["list"]> {
    if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE)
      throw new AppError("invalid_argument", `A page has 1 to ${MAX_PAGE_SIZE} entries, not ${pageSize}.`);
    const before = pageToken === undefined ? Number.MAX_SAFE_INTEGER : fromPageToken(pageToken);
    const records = await this.#database.read((db) => {
      const query = db
        .selectFrom("media_files")
        .selectAll()
        .where("owner", "=", owner)
        .where("ordinal", "<", before)
        .orderBy("ordinal", "desc")
        .limit(pageSize + 1);
      return (states?.length ? query.where("state", "in", states) : query).execute();
    });
    const page = records.slice(0, pageSize);
    return {
      rows: page.map(toMediaRow),
      nextPageToken: records.length > pageSize ? toPageToken(page.at(-1)!.ordinal) : null,
    };
  }

  change(...[id, expectedVersion, change, then]: Parameters<MediaRepository["change"]>) {
    return this.#changes.submit({ id, expectedVersion, change, then });
  }

  async lastSequence(): Promise<number> {
    return this.#database.read(async (db) => {
      const counter = await db
        .selectFrom("counters")
        .select("value")
        .where("name", "=", "media_events")
        .executeTakeFirstOrThrow();
      return counter.value;
    });
  }

  async eventsAfter(
    sequence: number,
    { owner, limit }: { readonly owner?: string; readonly limit: number },
  ): Promise<readonly MediaEvent[]> {
    const events = await this.#database.read((db) =>
      db
        .selectFrom("media_events")
        .select(["sequence", "kind", "at_ms", "snapshot"])
        .where("sequence", ">", sequence)
        .$if(owner !== undefined, (query) => query.where("owner", "=", owner!))
        .orderBy("sequence")
        .limit(limit)
        .execute(),
    );
    if (events[0]?.sequence !== sequence + 1) {
      const removed = await removedUpTo(this.#database);
      if (sequence < removed)
        throw new AppError(
          "not_found",
          "Events this old are no longer kept. List the pictures anew, and watch from the latest event.",
          { details: { sequence, removedUpTo: removed } },
        );
    }
    return events.map((event) => ({
      sequence: event.sequence,
      media: JSON.parse(event.snapshot) as MediaRow,
      kind: event.kind,
      atMs: event.at_ms,
    }));
  }

  removeEventsBefore(ms: number): Promise<number> {
    return removeOldEvents(this.#database, ms);
  }

  async outbox(limit: number): Promise<readonly (OutboxJob & { readonly outboxId: number })[]> {
    const rows = await this.#database.read((db) =>
      db.selectFrom("outbox").selectAll().orderBy("outbox_id").limit(limit).execute(),
    );
    return rows.map((row) => ({
      outboxId: row.outbox_id,
      key: row.key,
      payload: JSON.parse(row.payload) as unknown,
    }));
  }

  async outboxDone(outboxIds: readonly number[]): Promise<void> {
    if (outboxIds.length === 0) return;
    await this.#database.write((trx) =>
      trx.deleteFrom("outbox").where("outbox_id", "in", outboxIds).execute(),
    );
  }

  async staleUploads(olderThanMs: number, limit: number): Promise<readonly MediaRow[]> {
    const records = await this.#database.read((db) =>
      db
        .selectFrom("media_files")
        .selectAll()
        .where("state", "=", "uploading")
        .where("updated_at_ms", "<", Math.floor(olderThanMs))
        .orderBy("updated_at_ms")
        .limit(limit)
        .execute(),
    );
    return records.map(toMediaRow);
  }

  async close(): Promise<void> {
    await this.#changes.idle();
  }
}

/** Reserves `count` numbers and answers the first. Holds the counter until the transaction ends. */
async function takeSequences(trx: Transaction<Schema>, count: number): Promise<number> {
  const { value } = await trx
    .updateTable("counters")
    .set((eb) => ({ value: eb("value", "+", count) }))
    .where("name", "=", "media_events")
    .returning("value")
    .executeTakeFirstOrThrow();
  return value - count + 1;
}

const contentKey = ({ owner, sha256 }: { readonly owner: string; readonly sha256: string }) =>
  `${sha256} ${owner}`;

function newRow(item: NewMedia, nowMs: number): MediaRow {
  return {
    ...item,
    markedKey: null,
    published: null,
    state: "uploading",
    uploadId: null,
    partSize: null,
    errorCode: null,
    errorMessage: null,
    version: 1,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

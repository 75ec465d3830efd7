import { type RawBuilder, sql } from "kysely";
import type { Clock } from "#kernel/clock.ts";
import type { Random } from "#kernel/random.ts";
import type { DeadLetter, EnqueueOptions, Lease, Queue, QueueStats } from "../../services/ports/queue.ts";
import { LowWatermark } from "../queue/low-watermark.ts";
import { DEFAULT_MAX_ATTEMPTS, LEASES_USED_UP } from "../queue/semantics.ts";
import { WaitingRoom } from "../queue/waiting-room.ts";
import { Combiner } from "./combiner.ts";
import type { Database } from "./database.ts";
import { enqueueJobs, type NewJob } from "./queue-enqueue.ts";
import { recordset, storable } from "./recordset.ts";
import type { JobRecord } from "./schema.ts";

/** SQLite answers a look in microseconds; PostgreSQL costs a round trip. */
const POLLING = {
  sqlite: { minPollMs: 25, maxPollMs: 100 },
  postgres: { minPollMs: 50, maxPollMs: 250 },
} as const;

/** How often an enqueueing process removes keys that are past their lifetime. */
const KEY_SWEEP_MS = 10 * 60 * 1000;

export interface SqlQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Queues of different names share the tables and nothing else. */
  readonly name: string;
}

/** `close` ends waiting and leaves the database open: whoever opened it closes it. */
export function createSqlQueue(database: Database, options: SqlQueueOptions): Queue {
  return new SqlQueue(database, options);
}

/**
 * Jobs in the table `queue_jobs`. One statement takes: PostgreSQL skips rows that another taker has locked, SQLite has
 * one writer at a time. Enqueueing and acknowledging share transactions with others of their kind that come at the same
 * time.
 */
class SqlQueue implements Queue {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #name: string;
  readonly #waiting: WaitingRoom;
  readonly #low: LowWatermark;
  readonly #enqueues: Combiner<NewJob, { readonly id: string; readonly duplicate: boolean }>;
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  readonly #acks: Combiner<{ readonly id: string; readonly token: string }, boolean>;

  constructor(database: Database, { clock, random, name }: SqlQueueOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#random = random;
    this.#name = name;
    this.#waiting = new WaitingRoom(clock, POLLING[database.kind]);
    this.#low = new LowWatermark({ clock, countReady: (cap) => this.#countReady(cap) });
    this.#enqueues = new Combiner(async (jobs) => {
      await this.#sweepKeys();
      return enqueueJobs(database, name, this.#now(), jobs);
    });
    this.#acks = new Combiner((leases) => this.#deleteJobs(leases));
  }

  /** The tables are made by `openDatabase`; this asks them, so that a database that is gone shows here. */
  async start(): Promise<void> {
    await this.#countReady(1);
  }

  async enqueue(key: string, payload: unknown, { delayMs = 0, maxAttempts }: EnqueueOptions = {}) {
    const answer = await this.#enqueues.submit({
      id: this.#random.uuid(),
      key: storable(key),
      payload: JSON.stringify(payload ?? null),
      availableAtMs: this.#after(delayMs),
      maxAttempts: maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
    });
    if (!answer.duplicate) await this.#changed();
    return answer;
  }

  async take(
    n: number,
    { visibilityMs, waitMs, signal }: Parameters<Queue["take"]>[1],
  ): Promise<readonly Lease[]> {
    const leases = await this.#waiting.untilFound(() => this.#lease(n, visibilityMs), { waitMs, signal });
    await this.#low.check();
    return leases;
  }

  async extend(lease: Lease, visibilityMs: number): Promise<Lease | null> {
    const leaseUntilMs = this.#after(visibilityMs);
    const held = await this.#update(lease, { available_at_ms: sql.val(leaseUntilMs) });
    return held ? { ...lease, leaseUntilMs } : null;
  }

  ack(lease: Lease): Promise<boolean> {
    return this.#acks.submit({ id: lease.id, token: lease.token });
  }

  async retry(lease: Lease, delayMs: number, error: string): Promise<boolean> {
    const nowMs = this.#now();
    const held = await this.#update(lease, {
      token: sql`null`,
      error: sql.val(storable(error)),
      available_at_ms: sql.val(this.#after(delayMs)),
      dead_at_ms: sql`case when attempt >= max_attempts then ${bigint(nowMs)} else null end`,
    });
    if (held) await this.#changed();
    return held;
  }

  async postpone(lease: Lease, delayMs: number, reason: string): Promise<boolean> {
    const held = await this.#update(lease, {
      token: sql`null`,
      error: sql.val(storable(reason)),
      available_at_ms: sql.val(this.#after(delayMs)),
      attempt: sql`attempt - 1`,
    });
    if (held) await this.#changed();
    return held;
  }

  bury(lease: Lease, error: string): Promise<boolean> {
    return this.#update(lease, {
      token: sql`null`,
      error: sql.val(storable(error)),
      dead_at_ms: sql.val(this.#now()),
    });
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    const rows = await this.#database.read((db) =>
      db
        .selectFrom("queue_jobs")
        .select(["id", "key", "payload", "attempt", "error", "dead_at_ms"])
        .where("queue", "=", this.#name)
        .where("dead_at_ms", "is not", null)
        .orderBy("dead_at_ms", "desc")
        .orderBy("ordinal", "desc")
        .limit(limit)
        .execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      key: row.key,
      payload: JSON.parse(row.payload) as unknown,
      attempts: row.attempt,
      error: row.error ?? "",
      atMs: row.dead_at_ms ?? 0,
    }));
  }

  async revive(id: string): Promise<boolean> {
    const revived = await this.#database.write((trx) =>
      trx
        .updateTable("queue_jobs")
        .set({ dead_at_ms: null, error: null, attempt: 0, available_at_ms: this.#now() })
        .where("queue", "=", this.#name)
        .where("id", "=", id)
        .where("dead_at_ms", "is not", null)
        .returning("id")
        .execute(),
    );
    if (revived.length > 0) await this.#changed();
    return revived.length > 0;
  }

  async stats(): Promise<QueueStats> {
    const nowMs = this.#now();
    const { rows } = await this.#database.read((db) =>
      sql<{ [State in keyof QueueStats]: number }>`select
        count(case when dead_at_ms is null and available_at_ms <= ${nowMs} then 1 end) as ready,
        count(case when dead_at_ms is null and available_at_ms > ${nowMs} and token is null then 1 end) as delayed,
        count(case when dead_at_ms is null and available_at_ms > ${nowMs} and token is not null then 1 end) as leased,
        count(dead_at_ms) as dead
        from queue_jobs where queue = ${this.#name}`.execute(db),
    );
    const { ready, delayed, leased, dead } = rows[0]!;
    return { ready, delayed, leased, dead };
  }

  async oldestReadyMs(): Promise<number> {
    const nowMs = this.#now();
    const { rows } = await this.#database.read((db) =>
      sql<{ since: number | null }>`select min(available_at_ms) as since from queue_jobs
        where queue = ${this.#name} and dead_at_ms is null and available_at_ms <= ${nowMs}`.execute(db),
    );
    return nowMs - (rows[0]?.since ?? nowMs);
  }

  onLow(watermark: number, callback: () => void): Disposable {
    return this.#low.watch(watermark, callback);
  }

  async close(): Promise<void> {
    this.#waiting.close();
    this.#low.close();
    await Promise.all([this.#enqueues.idle(), this.#acks.idle()]);
  }

  /** The columns hold whole milliseconds. */
  #now(): number {
    return Math.floor(this.#clock.now());
  }

  #after(ms: number): number {
    return Math.ceil(this.#clock.now() + ms);
  }

  async #changed(): Promise<void> {
    this.#waiting.wake();
    await this.#low.check();
  }

  async #lease(n: number, visibilityMs: number): Promise<readonly Lease[]> {
    const leases: Lease[] = [];
    // A second round only when some of what was found had used up its deliveries and was buried instead.
    while (leases.length < n) {
      const wanted = n - leases.length;
      const found = await this.#takeRows(wanted, visibilityMs);
      leases.push(...found.filter((row) => row.dead_at_ms === null).map(toLease));
      if (found.length < wanted || found.every((row) => row.dead_at_ms === null)) break;
    }
    return leases;
  }

  async #takeRows(n: number, visibilityMs: number): Promise<readonly JobRow[]> {
    const { kind } = this.#database;
    // Looking does not take SQLite's write lock; most looks find nothing.
    if (kind === "sqlite" && (await this.#countReady(1)) === 0) return [];
    const nowMs = this.#now();
    const token = this.#random.uuid();
    const due = sql`select id from queue_jobs
      where queue = ${this.#name} and dead_at_ms is null and available_at_ms <= ${nowMs}
      order by available_at_ms, ordinal limit ${n}`;
    // An array is made once; PostgreSQL may run a subquery with a limit more than once.
    const chosen =
      kind === "sqlite" ? sql`id in (${due})` : sql`id = any(array(${due} for update skip locked))`;
    const rows = await this.#database.write(async (trx) => {
      const taken = await sql<JobRow>`update queue_jobs set
        token = case when attempt < max_attempts then ${token} || '/' || id else null end,
        dead_at_ms = case when attempt < max_attempts then null else ${bigint(nowMs)} end,
        error = case when attempt < max_attempts then error else ${LEASES_USED_UP} end,
        available_at_ms = ${this.#after(visibilityMs)},
        attempt = case when attempt < max_attempts then attempt + 1 else attempt end
        where ${chosen}
        returning ordinal, id, key, payload, attempt, max_attempts, token, available_at_ms, dead_at_ms`.execute(
        trx,
      );
      return taken.rows;
    });
    return rows.toSorted((a, b) => a.ordinal - b.ordinal);
  }

  async #update(
    lease: Lease,
    columns: Partial<Record<keyof JobRecord, RawBuilder<unknown>>>,
  ): Promise<boolean> {
    const assignments = Object.entries(columns).map(([name, value]) => sql`${sql.ref(name)} = ${value}`);
    const { rows } = await this.#database.write((trx) =>
      sql<{ id: string }>`update queue_jobs set ${sql.join(assignments)}
        where queue = ${this.#name} and id = ${lease.id} and token = ${lease.token} returning id`.execute(
        trx,
      ),
    );
    return rows.length > 0;
  }

  async #deleteJobs(
    leases: readonly { readonly id: string; readonly token: string }[],
  ): Promise<readonly boolean[]> {
    const held = recordset(this.#database.kind, { id: "text", token: "text" }, leases);
    const { rows } = await this.#database.write((trx) =>
      sql<{ id: string; token: string }>`delete from queue_jobs
        where queue = ${this.#name} and (id, token) in (select id, token from ${held})
        returning id, token`.execute(trx),
    );
    const deleted = new Set(rows.map((row) => row.token));
    // The first of two that acknowledge the same delivery is the one that removed it.
    return leases.map(({ token }) => deleted.delete(token));
  }

  async #sweepKeys(): Promise<void> {
    const nowMs = this.#now();
    if (nowMs - this.#sweptAtMs < KEY_SWEEP_MS) return;
    this.#sweptAtMs = nowMs;
    await this.#database.write((trx) =>
      trx.deleteFrom("queue_keys").where("expires_at_ms", "<=", nowMs).execute(),
    );
  }

  async #countReady(cap: number): Promise<number> {
    const { rows } = await this.#database.read((db) =>
      sql<{ ready: number }>`select count(*) as ready from (select 1 from queue_jobs
        where queue = ${this.#name} and dead_at_ms is null and available_at_ms <= ${this.#now()}
        limit ${cap}) as due`.execute(db),
    );
    return rows[0]!.ready;
  }
}

/** PostgreSQL takes a bare parameter in a CASE for text. */
const bigint = (value: number) => sql`cast(${value} as bigint)`;

type JobRow = Pick<
  JobRecord,
  "id" | "key" | "payload" | "attempt" | "max_attempts" | "token" | "available_at_ms" | "dead_at_ms"
> & { readonly ordinal: number };

function toLease(row: JobRow): Lease {
  return {
    id: row.id,
    key: row.key,
    payload: JSON.parse(row.payload) as unknown,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    token: row.token!,
    leaseUntilMs: row.available_at_ms,
  };
}

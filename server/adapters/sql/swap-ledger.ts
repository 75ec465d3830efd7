import { type Selectable, sql, type Transaction } from "kysely";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { ProvenPicture } from "../../services/ports/media-repository.ts";
import type { Abandonment, NewSwap, Snapshot, Swap, SwapLedger } from "../../services/ports/swap-ledger.ts";
import { Combiner } from "./combiner.ts";
import type { Database } from "./database.ts";
import { isOneOf, recordset, storable } from "./recordset.ts";
import type { Columns, Schema, SwapRecord } from "./schema.ts";

const SWAP_COLUMNS: Columns<SwapRecord> = {
  id: "text",
  media_id: "text",
  owner: "text",
  public_key: "text",
  state: "text",
  at_ms: "bigint",
  becomes_sha256: "text",
  becomes: "text",
  owns_proof: "bigint",
  follows: "text",
  snapshot_key: "text",
  snapshot: "text",
};
/** Snapshots of one object in one millisecond; more than that is no accident. */
const MOST_NAME_TRIES = 1_000;
/** Swaps of one picture that are told. */
const MOST_TOLD = 1_000;

/** `close` leaves the database open: whoever opened it closes it. */
export function createSqlSwapLedger(database: Database, deps: { readonly clock: Clock }): SwapLedger {
  return new SqlSwapLedger(database, deps.clock);
}

/** Writes the swaps down as happened, and those they follow: one with a snapshot stays for it, of one without nothing
 *  more is to be known. */
export async function finishSwaps(
  trx: Transaction<Schema>,
  kind: Database["kind"],
  ids: readonly string[],
): Promise<void> {
  let finishing = ids;
  while (finishing.length > 0) {
    const records = await trx
      .selectFrom("swaps")
      .select("follows")
      .where(isOneOf(kind, "id", finishing))
      .where("state", "=", "begun")
      .execute();
    await trx
      .deleteFrom("swaps")
      .where(isOneOf(kind, "id", finishing))
      .where("snapshot_key", "is", null)
      .execute();
    await trx
      .updateTable("swaps")
      .set({ state: "done" })
      .where(isOneOf(kind, "id", finishing))
      .execute();
    finishing = records.map(({ follows }) => follows).filter((id) => id !== null);
  }
}

/** Of a query on `swaps`: a `begun` swap follows the row. */
const isFollowed = sql<boolean>`exists (
  select 1 from swaps as later where later.follows = swaps.id and later.state = 'begun')`;

class SqlSwapLedger implements SwapLedger {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #begins: Combiner<NewSwap, Swap>;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#begins = new Combiner((swaps) => database.write((trx) => this.#insert(trx, swaps)));
  }

  begin(swap: NewSwap): Promise<Swap> {
    return this.#begins.submit(swap);
  }

  async begunFor(mediaId: string, sha256: string): Promise<readonly Swap[]> {
    const records = await this.#database.read((db) =>
      db
        .selectFrom("swaps")
        .selectAll()
        .where("media_id", "=", mediaId)
        .where("becomes_sha256", "=", sha256)
        .where("state", "=", "begun")
        .orderBy("at_ms", "desc")
        .limit(MOST_TOLD)
        .execute(),
    );
    return records.map(toSwap);
  }

  async finish(id: string): Promise<void> {
    await this.#database.write((trx) => finishSwaps(trx, this.#database.kind, [id]));
  }

  async abandon(id: string): Promise<Abandonment> {
    return this.#database.write(async (trx) => {
      await trx
        .updateTable("swaps")
        .set({ state: "abandoned", at_ms: Math.floor(this.#clock.now()) })
        .where("id", "=", id)
        .where("state", "=", "begun")
        .where(sql<boolean>`not ${isFollowed}`)
        .execute();
      const record = await trx.selectFrom("swaps").select("state").where("id", "=", id).executeTakeFirst();
      return record === undefined ? "gone" : record.state === "abandoned" ? "abandoned" : "kept";
    });
  }

  async isBegun(id: string): Promise<boolean> {
    const record = await this.#database.read((db) =>
      db
        .selectFrom("swaps")
        .select("id")
        .where("id", "=", id)
        .where("state", "=", "begun")
        .executeTakeFirst(),
    );
    return record !== undefined;
  }

  async isFollowed(id: string): Promise<boolean> {
    const record = await this.#database.read((db) =>
      db.selectFrom("swaps").select("id").where("id", "=", id).where(isFollowed).executeTakeFirst(),
    );
    return record !== undefined;
  }

  async forget(id: string): Promise<void> {
    await this.#database.write((trx) => trx.deleteFrom("swaps").where("id", "=", id).execute());
  }

  async snapshotsOf(mediaId: string) {
    const records = await this.#database.read((db) =>
      db
        .selectFrom("swaps")
        .selectAll()
        .where("media_id", "=", mediaId)
        .where("state", "=", "done")
        .orderBy("at_ms", "desc")
        .limit(MOST_TOLD)
        .execute(),
    );
    return records.map(toSwap).filter((swap) => swap.snapshot !== null) as (Swap & { snapshot: Snapshot })[];
  }

  async stale(beforeMs: number, limit: number): Promise<readonly Swap[]> {
    const records = await this.#database.read((db) =>
      db
        .selectFrom("swaps")
        .selectAll()
        .where("state", "=", "begun")
        .where("at_ms", "<", Math.floor(beforeMs))
        .where(sql<boolean>`not ${isFollowed}`)
        .orderBy("at_ms")
        .limit(limit)
        .execute(),
    );
    return records.map(toSwap);
  }

  async removable(
    { abandonedMs, doneMs }: { readonly abandonedMs: number; readonly doneMs: number },
    limit: number,
  ): Promise<readonly Swap[]> {
    const records = await this.#database.read((db) =>
      db
        .selectFrom("swaps")
        .selectAll()
        .where(({ or, and, eb }) =>
          or([
            and([eb("state", "=", "abandoned"), eb("at_ms", "<", Math.floor(abandonedMs))]),
            and([eb("state", "=", "done"), eb("at_ms", "<", Math.floor(doneMs))]),
          ]),
        )
        .orderBy("at_ms")
        .limit(limit)
        .execute(),
    );
    return records.map(toSwap);
  }

  close(): Promise<void> {
    return this.#begins.idle();
  }

  async #insert(trx: Transaction<Schema>, swaps: readonly NewSwap[]): Promise<readonly Swap[]> {
    const nowMs = Math.floor(this.#clock.now());
    const waiting = new Map(swaps.map((swap) => [swap.id, swap]));
    const written = new Map<string, Swap>();
    for (let tries = 0; waiting.size > 0; tries++) {
      if (tries === MOST_NAME_TRIES)
        throw new AppError("conflict", "No name is free for a snapshot.", { retry: "backoff" });
      const records = [...waiting.values()].map((swap) => toRecord(swap, nowMs, nowMs + tries));
      const { rows } = await sql<{ id: string }>`insert into swaps (${sql.join(NAMES)})
        select ${sql.join(NAMES)} from ${recordset(this.#database.kind, SWAP_COLUMNS, records)} where true
        on conflict (snapshot_key) do nothing returning id`.execute(trx);
      for (const { id } of rows) {
        written.set(id, toSwap(records.find((record) => record.id === id)!));
        waiting.delete(id);
      }
    }
    return swaps.map(({ id }) => written.get(id)!);
  }
}

const NAMES = Object.keys(SWAP_COLUMNS).map((name) => sql.ref(name));

/** `watermarked/studio/1.jpg` → `snapshots/studio/1.jpg_v1763700000000_prewm`. */
function snapshotKeyOf(publicKey: string, versionMs: number): string {
  return `snapshots/${publicKey.replace(/^watermarked\//, "")}_v${versionMs}_prewm`;
}

function toRecord(swap: NewSwap, nowMs: number, versionMs: number): SwapRecord {
  return {
    id: storable(swap.id),
    media_id: storable(swap.mediaId),
    owner: storable(swap.owner),
    public_key: storable(swap.publicKey),
    state: "begun",
    at_ms: nowMs,
    becomes_sha256: swap.becomes.sha256,
    becomes: storable(JSON.stringify(swap.becomes)),
    owns_proof: swap.ownsProof ? 1 : 0,
    follows: swap.follows,
    snapshot_key: swap.keeps ? storable(snapshotKeyOf(swap.publicKey, versionMs)) : null,
    snapshot: swap.keeps ? storable(JSON.stringify(swap.keeps)) : null,
  };
}

function toSwap(record: Selectable<SwapRecord>): Swap {
  const { snapshot_key: key, snapshot } = record;
  return {
    id: record.id,
    mediaId: record.media_id,
    owner: record.owner,
    publicKey: record.public_key,
    state: record.state as Swap["state"],
    atMs: record.at_ms,
    becomes: JSON.parse(record.becomes) as ProvenPicture,
    ownsProof: record.owns_proof === 1,
    follows: record.follows,
    snapshot:
      key === null || snapshot === null ? null : { ...(JSON.parse(snapshot) as Omit<Snapshot, "key">), key },
  };
}

import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { DeadLetter, EnqueueOptions, Lease, Queue, QueueStats } from "../../services/ports/queue.ts";
import { LowWatermark } from "../queue/low-watermark.ts";
import { DEFAULT_MAX_ATTEMPTS, KEY_LIFETIME_MS, LEASES_USED_UP } from "../queue/semantics.ts";
import { WaitingRoom } from "../queue/waiting-room.ts";
import { RedisConnection, type RedisScript } from "./connection.ts";
import {
  ACK,
  ADOPT,
  BURY,
  DEAD_LETTERS,
  ENQUEUE,
  EXTEND,
  OLDEST_READY,
  POSTPONE,
  RETRY,
  REVIVE,
  STATS,
  TAKE,
} from "./queue-scripts.ts";

export interface RedisQueueOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
  /** Keys are `{platemark:queue:NAME}:…`. */
  readonly name: string;
  /** How long, by the server's clock, an entry that nobody leased may stay pending. @default 60_000 */
  readonly orphanIdleMs?: number;
}

/** New jobs wake waiting takers through Pub/Sub; polling is for delays and leases that end, and for lost messages. */
const POLLING = { minPollMs: 100, maxPollMs: 500 };
const ORPHAN_IDLE_MS = 60_000;

/** Connects at `start` or first use. */
export function createRedisQueue(options: RedisQueueOptions): Queue {
  return new RedisQueue(options);
}

/** Jobs in a Redis stream with a consumer group, see `queue-scripts.ts`. They last as long as Redis' append-only file. */
class RedisQueue implements Queue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #base: string;
  readonly #orphanIdleMs: number;
  readonly #connection: RedisConnection;
  /** A connection with a subscription takes no other commands of ours. */
  readonly #wakeConnection: RedisConnection;
  readonly #waiting: WaitingRoom;
  readonly #low: LowWatermark;
  #subscribed: Promise<void> | null = null;
  #adoptedAtMs: number;

  constructor({ url, clock, random, logger, name, orphanIdleMs = ORPHAN_IDLE_MS }: RedisQueueOptions) {
    const connectionDeps = logger ? { url, logger } : { url };
    this.#clock = clock;
    this.#random = random;
    this.#base = `{platemark:queue:${name}}`;
    this.#orphanIdleMs = orphanIdleMs;
    this.#connection = new RedisConnection(connectionDeps);
    this.#wakeConnection = new RedisConnection(connectionDeps);
    this.#waiting = new WaitingRoom(clock, POLLING);
    this.#low = new LowWatermark({ clock, countReady: async () => (await this.stats()).ready });
    this.#adoptedAtMs = clock.now();
  }

  async start(): Promise<void> {
    await this.#makeGroup();
    await this.#adoptOrphans();
  }

  async enqueue(key: string, payload: unknown, { delayMs = 0, maxAttempts }: EnqueueOptions = {}) {
    const id = this.#random.uuid();
    const answer = String(
      await this.#run(
        ENQUEUE,
        id,
        key,
        JSON.stringify(payload ?? null),
        this.#clock.now() + delayMs,
        maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
        KEY_LIFETIME_MS,
      ),
    );
    await this.#low.check();
    return { id: answer, duplicate: answer !== id };
  }

  async take(
    n: number,
    { visibilityMs, waitMs, signal }: Parameters<Queue["take"]>[1],
  ): Promise<readonly Lease[]> {
    if (waitMs > 0) await this.#listen();
    if (this.#clock.now() - this.#adoptedAtMs >= ORPHAN_IDLE_MS) await this.#adoptOrphans();
    const leases = await this.#waiting.untilFound(() => this.#lease(n, visibilityMs), { waitMs, signal });
    await this.#low.check();
    return leases;
  }

  async extend(lease: Lease, visibilityMs: number): Promise<Lease | null> {
    const leaseUntilMs = this.#clock.now() + visibilityMs;
    const held = await this.#run(EXTEND, lease.id, lease.token, leaseUntilMs);
    return held === 1 ? { ...lease, leaseUntilMs } : null;
  }

  async ack(lease: Lease): Promise<boolean> {
    return (await this.#run(ACK, lease.id, lease.token)) === 1;
  }

  async retry(lease: Lease, delayMs: number, error: string): Promise<boolean> {
    const held = await this.#run(RETRY, lease.id, lease.token, this.#clock.now() + delayMs, error);
    await this.#low.check();
    return held === 1;
  }

  async postpone(lease: Lease, delayMs: number, reason: string): Promise<boolean> {
    const held = await this.#run(POSTPONE, lease.id, lease.token, this.#clock.now() + delayMs, reason);
    await this.#low.check();
    return held === 1;
  }

  async bury(lease: Lease, error: string): Promise<boolean> {
    return (await this.#run(BURY, lease.id, lease.token, error)) === 1;
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    if (limit < 1) return [];
    const letters = (await this.#run(DEAD_LETTERS, limit)) as readonly (readonly string[])[];
    return letters.map(([id, key, payload, attempts, error, diedAtMs]) => ({
      id: id!,
      key: key!,
      payload: JSON.parse(payload!) as unknown,
      attempts: Number(attempts),
      error: error!,
      atMs: Number(diedAtMs),
    }));
  }

  async revive(id: string): Promise<boolean> {
    const revived = (await this.#run(REVIVE, id)) === 1;
    await this.#low.check();
    return revived;
  }

  async stats(): Promise<QueueStats> {
    const [ready, delayed, leased, dead] = (await this.#run(STATS)) as readonly number[];
    return { ready: ready!, delayed: delayed!, leased: leased!, dead: dead! };
  }

  /** By the times in the stream, which are the server's. */
  async oldestReadyMs(): Promise<number> {
    return Number(await this.#run(OLDEST_READY));
  }

  onLow(watermark: number, callback: () => void): Disposable {
    return this.#low.watch(watermark, callback);
  }

  async close(): Promise<void> {
    this.#waiting.close();
    this.#low.close();
    await Promise.all([this.#connection.close(), this.#wakeConnection.close()]);
  }

  async #lease(n: number, visibilityMs: number): Promise<readonly Lease[]> {
    const leaseUntilMs = this.#clock.now() + visibilityMs;
    const taken = (await this.#run(TAKE, n, leaseUntilMs, this.#random.uuid(), LEASES_USED_UP)) as readonly (
      | string
      | number
    )[][];
    return taken.map(([id, key, payload, attempt, maxAttempts, token]) => ({
      id: String(id),
      key: String(key),
      payload: JSON.parse(String(payload)) as unknown,
      attempt: Number(attempt),
      maxAttempts: Number(maxAttempts),
      token: String(token),
      leaseUntilMs,
    }));
  }

  async #run(script: RedisScript, ...parameters: readonly (string | number)[]): Promise<unknown> {
    const run = () => this.#connection.run(script, [this.#base], [this.#clock.now(), ...parameters]);
    try {
      return await run();
    } catch (error) {
      // Somebody emptied Redis while we were connected.
      if (!(error instanceof AppError) || !/NOGROUP|no such key/i.test(error.message)) throw error;
      await this.#makeGroup();
      return run();
    }
  }

  async #makeGroup(): Promise<void> {
    const command = ["XGROUP", "CREATE", `${this.#base}:stream`, "workers", "0", "MKSTREAM"];
    try {
      await this.#connection.command(command, { repeatable: true });
    } catch (error) {
      if (!(error instanceof AppError) || !error.message.includes("BUSYGROUP")) throw error;
    }
  }

  async #adoptOrphans(): Promise<void> {
    this.#adoptedAtMs = this.#clock.now();
    let cursor = "0-0";
    do cursor = String(await this.#run(ADOPT, this.#orphanIdleMs, cursor));
    while (cursor !== "0-0");
  }

  #listen(): Promise<void> {
    this.#subscribed ??= this.#wakeConnection
      .subscribe(`${this.#base}:wake`, () => this.#waiting.wake())
      .catch((error: unknown) => {
        this.#subscribed = null;
        throw error;
      });
    return this.#subscribed;
  }
}

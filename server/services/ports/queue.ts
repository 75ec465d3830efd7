export interface EnqueueOptions {
  /** Milliseconds until it may be taken. @default 0 */
  readonly delayMs?: number;
  /** Deliveries before it is buried. @default 4 (one and three retries) */
  readonly maxAttempts?: number;
}

/** A job in somebody's hands until `leaseUntilMs`; then anybody may take it over. */
export interface Lease {
  readonly id: string;
  readonly key: string;
  readonly payload: unknown;
  /** Counts deliveries, from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Proves ownership: each delivery has its own. */
  readonly token: string;
  readonly leaseUntilMs: number;
}

export interface QueueStats {
  readonly ready: number;
  readonly delayed: number;
  readonly leased: number;
  readonly dead: number;
}

export interface DeadLetter {
  readonly id: string;
  readonly key: string;
  readonly payload: unknown;
  readonly attempts: number;
  readonly error: string;
  readonly atMs: number;
}

/**
 * At-least-once work queue. Leaves out on purpose: priorities, results, rate limits (see `RateLimiter`).
 * Payloads are JSON. Times come from the injected clock.
 */
export interface Queue {
  /** Makes what the queue needs (table, stream and group). */
  start(): Promise<void>;
  /** The same key within 24 h is the same job: `duplicate`, nothing is added, also when it has been done meanwhile. */
  enqueue(
    key: string,
    payload: unknown,
    options?: EnqueueOptions,
  ): Promise<{ readonly id: string; readonly duplicate: boolean }>;
  /** Up to `n` leases; waits up to `waitMs` for the first. Jobs whose lease ran out are taken over, and count as
   *  a delivery; one whose deliveries are used up is buried instead. */
  take(
    n: number,
    options: {
      readonly visibilityMs: number;
      readonly waitMs: number;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<readonly Lease[]>;
  /** The lease with its new end, or `null` when it belongs to somebody else by now. */
  extend(lease: Lease, visibilityMs: number): Promise<Lease | null>;
  /** False when the lease belongs to somebody else by now; the job is then not removed. */
  ack(lease: Lease): Promise<boolean>;
  /** Gives it back to be taken after `delayMs`; buries it when its deliveries are used up. False as in `ack`. */
  retry(lease: Lease, delayMs: number, error: string): Promise<boolean>;
  /** Gives it back to be taken after `delayMs`, as if it had not been taken: the fault was not the job's. False as in
   *  `ack`. */
  postpone(lease: Lease, delayMs: number, reason: string): Promise<boolean>;
  /** Moves it to the dead letters. False as in `ack`. */
  bury(lease: Lease, error: string): Promise<boolean>;
  deadLetters(limit: number): Promise<readonly DeadLetter[]>;
  /** Makes a dead letter a fresh job. False when there is none with this id. */
  revive(id: string): Promise<boolean>;
  stats(): Promise<QueueStats>;
  /** For how long the oldest ready job has been ready, in milliseconds; 0: none is. */
  oldestReadyMs(): Promise<number>;
  /** Calls back each time `ready` falls to `watermark` or below after having been above it. */
  onLow(watermark: number, callback: () => void): Disposable;
  close(): Promise<void>;
}

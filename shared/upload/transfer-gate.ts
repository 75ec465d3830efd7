import { backoffMs } from "#kernel/backoff.ts";
import { abortReason, throwIfAborted } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";
import { type RetryDeps, type RetryOptions, withRetry } from "./retry.ts";

export interface TransferGateOptions {
  /** Requests at once, over all files. */
  readonly concurrency: number;
}

/**
 * What all requests to one store pass through: bounds how many run at once, retries a failed one alone, and slows all
 * of them down together when the store says 503 SlowDown (half as many at once, after a pause; one more for every
 * eight that succeed).
 */
export class TransferGate {
  readonly #deps: RetryDeps;
  readonly #most: number;
  #limit: number;
  #running = 0;
  #slowDowns = 0;
  #successes = 0;
  #pausedUntilMs = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(deps: RetryDeps, options: TransferGateOptions) {
    this.#deps = deps;
    this.#most = options.concurrency;
    this.#limit = options.concurrency;
  }

  /** How many may run at once now. */
  get limit(): number {
    return this.#limit;
  }

  /** Runs `task` when there is room, and again after errors that are worth it (see `withRetry`).
   *  @throws AppError the task's last error, or `aborted`. */
  run<T>(task: () => Promise<T>, options: RetryOptions): Promise<T> {
    return withRetry(this.#deps, () => this.#once(task, options.signal), options);
  }

  async #once<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(signal);
    const pausedBefore = this.#pausedUntilMs;
    try {
      const result = await task();
      this.#succeeded();
      return result;
    } catch (thrown) {
      const error = AppError.from(thrown);
      // Requests that were under way together answer together: only the first of them slows the queue down.
      if (error.code === "store.slow_down" && this.#pausedUntilMs === pausedBefore) this.#slowDown();
      throw error;
    } finally {
      this.#running--;
      this.#wake();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    for (;;) {
      throwIfAborted(signal);
      const pauseMs = this.#pausedUntilMs - this.#deps.clock.now();
      if (pauseMs > 0) await this.#deps.clock.sleep(pauseMs, { signal });
      else if (this.#running >= this.#limit) await this.#turn(signal);
      else break;
    }
    this.#running++;
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener("abort", stop);
        resolve();
      };
      const stop = () => {
        const place = this.#waiting.indexOf(go);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(abortReason(signal));
      };
      this.#waiting.push(go);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  #wake(): void {
    for (let room = this.#limit - this.#running; room > 0; room--) this.#waiting.shift()?.();
  }

  #slowDown(): void {
    this.#slowDowns++;
    this.#successes = 0;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#pausedUntilMs =
      this.#deps.clock.now() + backoffMs(this.#slowDowns, this.#deps.random, { baseMs: 1_000 });
  }

  #succeeded(): void {
    if (this.#limit === this.#most) return;
    if (++this.#successes < 8) return;
    this.#successes = 0;
    this.#limit++;
    if (this.#limit === this.#most) this.#slowDowns = 0;
  }
}

import { throwIfAborted } from "#kernel/cancellation.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { RateLimiter } from "../../services/ports/rate-limiter.ts";

/** The shared line of start times; each operation is atomic for all processes. */
export interface SlotStore {
  /** Takes the next free start time, `nowMs` at the earliest, and makes what is `intervalMs` later the next free one. */
  reserve(nowMs: number, intervalMs: number): Promise<number>;
  /** Gives back a start time that nobody will use, when it is still the last one taken. */
  giveBack(startMs: number, intervalMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface SlotRateLimiterDeps {
  readonly clock: Clock;
  readonly store: SlotStore;
}

/**
 * Starts are handed out one `1 / perSecond` after the other, first come, first served: never more than `perSecond` in any
 * second, and no bursts after a pause. Hosts that share a limit need clocks that agree to within a fraction of a second:
 * one that is ahead makes the others wait that much longer.
 */
export class SlotRateLimiter implements RateLimiter {
  readonly #clock: Clock;
  readonly #store: SlotStore;
  readonly #intervalMs: number;
  readonly #closing = new AbortController();

  /** @throws AppError `invalid_argument` unless `perSecond` is above 0. */
  constructor({ clock, store }: SlotRateLimiterDeps, { perSecond }: { readonly perSecond: number }) {
    if (!(perSecond > 0) || !Number.isFinite(perSecond))
      throw new AppError("invalid_argument", `A rate limit is above 0 a second, not ${perSecond}.`);
    this.#clock = clock;
    this.#store = store;
    this.#intervalMs = 1000 / perSecond;
  }

  async acquire({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    throwIfAborted(either);
    const startMs = await this.#store.reserve(this.#clock.now(), this.#intervalMs);
    const waitMs = startMs - this.#clock.now();
    try {
      if (waitMs > 0) await this.#clock.sleep(waitMs, { signal: either });
      throwIfAborted(either);
    } catch (error) {
      if (!this.#closing.signal.aborted) await this.#store.giveBack(startMs, this.#intervalMs);
      throw error;
    }
  }

  /** Whoever still waits gets `aborted`. */
  async close(): Promise<void> {
    this.#closing.abort(new AppError("aborted", "The rate limiter was closed."));
    await this.#store.close();
  }
}

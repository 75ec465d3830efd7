import { abortReason, throwIfAborted } from "#kernel/cancellation.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";

export interface WaitingRoomOptions {
  /** First pause between two looks, in milliseconds. */
  readonly minPollMs: number;
  /** Longest pause: how late a job may be seen that another process has enqueued, or whose time has come. */
  readonly maxPollMs: number;
}

/**
 * Looks again and again until there is something, pausing longer the longer there was nothing. `wake` cuts the pauses
 * short when this process knows that there is something new.
 */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #options: WaitingRoomOptions;
  readonly #sleepers = new Set<AbortController>();
  #pauseMs: number;
  #wakes = 0;
  #closed = false;

  constructor(clock: Clock, options: WaitingRoomOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#pauseMs = options.minPollMs;
  }

  /**
   * What the first `look` that finds something found; empty when `waitMs` are over, or when the room is closed.
   * @throws AppError `aborted`, only between two looks, so that nothing found is dropped; what `look` throws, but when it
   *   may be tried again (the connection is lost) only after `waitMs`.
   */
  async untilFound<T>(
    look: () => Promise<readonly T[]>,
    { waitMs, signal }: { readonly waitMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<readonly T[]> {
    const endMs = this.#clock.now() + waitMs;
    for (;;) {
      throwIfAborted(signal);
      if (this.#closed) return [];
      const wakes = this.#wakes;
      const found = await look().catch((error: unknown) => AppError.from(error));
      const leftMs = endMs - this.#clock.now();
      if (found instanceof AppError) {
        if (leftMs <= 0 || found.retry !== "backoff") throw found;
        this.#pauseMs = this.#options.maxPollMs;
      } else if (found.length > 0) {
        this.#pauseMs = this.#options.minPollMs;
        return found;
      } else if (leftMs <= 0) return [];
      if (wakes === this.#wakes) await this.#pause(Math.min(leftMs, this.#pauseMs), signal);
    }
  }

  /** Something may have come: whoever waits looks at once. */
  wake(): void {
    this.#wakes++;
    this.#pauseMs = this.#options.minPollMs;
    for (const sleeper of this.#sleepers) sleeper.abort();
  }

  /** Whoever waits gets an empty answer. */
  close(): void {
    this.#closed = true;
    this.wake();
  }

  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const woken = new AbortController();
    this.#sleepers.add(woken);
    this.#pauseMs = Math.min(this.#options.maxPollMs, Math.ceil(this.#pauseMs * 1.5));
    try {
      await this.#clock.sleep(ms, {
        signal: signal ? AbortSignal.any([signal, woken.signal]) : woken.signal,
      });
    } catch (error) {
      if (signal?.aborted) throw abortReason(signal);
      if (!woken.signal.aborted) throw error;
    } finally {
      this.#sleepers.delete(woken);
    }
  }
}

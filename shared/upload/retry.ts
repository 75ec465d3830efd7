import { backoffMs } from "#kernel/backoff.ts";
import { throwIfAborted } from "#kernel/cancellation.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Random } from "#kernel/random.ts";

export interface RetryDeps {
  readonly clock: Clock;
  readonly random: Random;
}

export interface RetryOptions {
  readonly signal: AbortSignal;
  /** Calls before an error that somebody answered with is final. @default 6 */
  readonly maxAttempts?: number;
  /** Longest wait between two calls, in milliseconds. @default 10_000 */
  readonly maxDelayMs?: number;
  /** Told the error before each wait, and `null` when a call has succeeded after one. */
  readonly onTrouble?: ((error: AppError | null) => void) | undefined;
}

/** True for an error that says "nobody is there, or not now": it is waited out without end, because giving up would
 *  not help. An error that somebody answered with (`details.status`) is not one of these. */
export function isOutage(error: AppError): boolean {
  if (error.retry !== "backoff") return false;
  if (error.code === "unavailable" || error.code === "store.slow_down") return true;
  return error.code === "store.unreachable" && error.details.status === undefined;
}

/** Calls until it succeeds. Errors with `retry: "backoff"` are followed by a wait with backoff and jitter; outages
 *  without end, others `maxAttempts` times. @throws AppError the last error, or `aborted`. */
export async function withRetry<T>(
  { clock, random }: RetryDeps,
  call: () => Promise<T>,
  { signal, maxAttempts = 6, maxDelayMs = 10_000, onTrouble }: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal);
    try {
      const result = await call();
      if (attempt > 1) onTrouble?.(null);
      return result;
    } catch (thrown) {
      throwIfAborted(signal);
      const error = AppError.from(thrown);
      if (error.retry !== "backoff" || (!isOutage(error) && attempt >= maxAttempts)) throw error;
      onTrouble?.(error);
      await clock.sleep(backoffMs(attempt, random, { maxMs: maxDelayMs }), { signal });
    }
  }
}

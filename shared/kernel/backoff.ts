import type { Random } from "./random.ts";

export interface BackoffOptions {
  /** Milliseconds before the first retry. @default 500 */
  readonly baseMs?: number;
  /** Upper bound in milliseconds. @default 30_000 */
  readonly maxMs?: number;
}

/** Exponential backoff with full jitter (half of it fixed), in milliseconds. `attempt` counts from 1. Pure. */
export function backoffMs(attempt: number, random: Random, options: BackoffOptions = {}): number {
  const { baseMs = 500, maxMs = 30_000 } = options;
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(ceiling / 2 + (ceiling / 2) * random.float());
}

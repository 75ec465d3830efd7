import { throwIfAborted } from "#kernel/cancellation.ts";
import type { Clock } from "#kernel/clock.ts";
import type { RateLimiter } from "../../services/ports/rate-limiter.ts";
import { SlotRateLimiter, type SlotStore } from "./slot-rate-limiter.ts";

/** A limit within one process. @throws AppError `invalid_argument` unless `perSecond` is above 0. */
export function createMemoryRateLimiter({
  clock,
  perSecond,
}: {
  readonly clock: Clock;
  readonly perSecond: number;
}): RateLimiter {
  let nextFreeMs = Number.NEGATIVE_INFINITY;
  const store: SlotStore = {
    async reserve(nowMs, intervalMs) {
      const startMs = Math.max(nowMs, nextFreeMs);
      nextFreeMs = startMs + intervalMs;
      return startMs;
    },
    async giveBack(startMs, intervalMs) {
      if (nextFreeMs === startMs + intervalMs) nextFreeMs = startMs;
    },
    async close() {},
  };
  return new SlotRateLimiter({ clock, store }, { perSecond });
}

/** No limit at all. */
export const unlimited: RateLimiter = {
  async acquire({ signal } = {}) {
    throwIfAborted(signal);
  },
  async close() {},
};

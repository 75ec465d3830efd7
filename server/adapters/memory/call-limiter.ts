import type { Clock } from "#kernel/clock.ts";
import type { CallLimiter } from "../../services/ports/call-limiter.ts";

interface Bucket {
  tokens: number;
  atMs: number;
}

/** About 10 MB. The bucket that was not asked for longest goes first, and would begin full again. */
const MAX_BUCKETS = 50_000;

/** Limits within one process. */
export function createMemoryCallLimiter(
  deps: { readonly clock: Clock },
  { maxBuckets = MAX_BUCKETS }: { readonly maxBuckets?: number } = {},
): CallLimiter {
  /** In the order of their last use. */
  const buckets = new Map<string, Bucket>();
  return {
    async take(key, { perSecond, burst }) {
      const nowMs = deps.clock.now();
      const bucket = buckets.get(key) ?? { tokens: burst, atMs: nowMs };
      buckets.delete(key);
      buckets.set(key, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > maxBuckets && oldest !== undefined) buckets.delete(oldest);
      const waitedMs = Math.max(0, nowMs - bucket.atMs);
      bucket.tokens = Math.min(burst, bucket.tokens + (waitedMs * perSecond) / 1000);
      bucket.atMs = Math.max(bucket.atMs, nowMs);
      if (bucket.tokens < 1)
        return { allowed: false, retryAfterMs: Math.ceil(((1 - bucket.tokens) * 1000) / perSecond) };
      bucket.tokens -= 1;
      return { allowed: true, retryAfterMs: 0 };
    },
    async close() {
      buckets.clear();
    },
  };
}

/** A token bucket: refilled at `perSecond`, never above `burst`; a call takes one. */
export interface CallLimit {
  readonly perSecond: number;
  readonly burst: number;
}

export interface CallVerdict {
  readonly allowed: boolean;
  /** Until a call would be let in, in milliseconds; 0 when this one was. */
  readonly retryAfterMs: number;
}

/**
 * Who calls how often. Another port than `RateLimiter`, which makes its callers wait in one line: here each key has a
 * bucket of its own, bursts are allowed, and nobody waits.
 */
export interface CallLimiter {
  /** Takes one call from the key's bucket, if there is one. */
  take(key: string, limit: CallLimit): Promise<CallVerdict>;
  close(): Promise<void>;
}

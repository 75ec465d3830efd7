import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import type { Logger } from "#kernel/logger.ts";
import type { CallLimiter } from "../../services/ports/call-limiter.ts";

/** What a call may wait for the limit's sake. Milliseconds. */
const PATIENCE_MS = 200;
const FAILURES_IN_A_ROW = 3;
const REST_MS = 1_000;

/**
 * Lets every call in while the limiter does not answer: a limit protects the service, and must not be what takes it
 * down. After a few such calls it is not even asked for a second.
 */
export function openWhenAway(
  limiter: CallLimiter,
  deps: { readonly logger: Logger; readonly onBypass: () => void },
): CallLimiter {
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: REST_MS,
    breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW),
  });
  breaker.onStateChange((state) => {
    if (state === CircuitState.Open) deps.logger.warn("rate_limits.away");
    if (state === CircuitState.Closed) deps.logger.info("rate_limits.back");
  });
  const policy = wrap(breaker, timeout(PATIENCE_MS, TimeoutStrategy.Aggressive));
  return {
    async take(key, limit) {
      try {
        return await policy.execute(() => limiter.take(key, limit));
      } catch {
        deps.onBypass();
        return { allowed: true, retryAfterMs: 0 };
      }
    },
    close: () => limiter.close(),
  };
}

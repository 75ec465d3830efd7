import type { Clock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import type { RateLimiter } from "../../services/ports/rate-limiter.ts";
import { SlotRateLimiter, type SlotStore } from "../memory/slot-rate-limiter.ts";
import { RedisConnection, redisScript } from "./connection.ts";

export interface RedisRateLimiterOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** The key is `platemark:rate:NAME`. */
  readonly name: string;
  readonly perSecond: number;
}

/** A line nobody stood in for this long is forgotten; it lies in the past by then. */
const FORGET_MS = 60 * 60 * 1000;

/** ARGV: now, interval. Numbers travel as text, because Lua's become integers in an answer. */
const RESERVE = redisScript(
  `
local start = math.max(tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[1]) or '0'))
redis.call('SET', KEYS[1], string.format('%.17g', start + tonumber(ARGV[2])), 'PX', ${FORGET_MS})
return string.format('%.17g', start)
`,
  { repeatable: true },
);

/** ARGV: start, interval. */
const GIVE_BACK = redisScript(
  `
local nextFree = tonumber(redis.call('GET', KEYS[1]) or '0')
if nextFree == tonumber(ARGV[1]) + tonumber(ARGV[2]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ${FORGET_MS})
end
return 1
`,
  { repeatable: true },
);

/**
 * A limit that all processes on this Redis share under `name`. Connects at first use.
 * @throws AppError `invalid_argument` unless `perSecond` is above 0.
 */
export function createRedisRateLimiter(options: RedisRateLimiterOptions): RateLimiter {
  const { url, clock, logger, name, perSecond } = options;
  const connection = new RedisConnection(logger ? { url, logger } : { url });
  const key = `platemark:rate:${name}`;
  const store: SlotStore = {
    async reserve(nowMs, intervalMs) {
      return Number(await connection.run(RESERVE, [key], [nowMs, intervalMs]));
    },
    async giveBack(startMs, intervalMs) {
      await connection.run(GIVE_BACK, [key], [startMs, intervalMs]);
    },
    close: () => connection.close(),
  };
  return new SlotRateLimiter({ clock, store }, { perSecond });
}

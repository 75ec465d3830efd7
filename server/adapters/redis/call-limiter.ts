import type { Clock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import type { CallLimiter } from "../../services/ports/call-limiter.ts";
import { RedisConnection, redisScript } from "./connection.ts";

export interface RedisCallLimiterOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Keys are `platemark:calls:NAME:KEY`. */
  readonly name: string;
}

/** ARGV: now, per second, burst. A bucket that would be full again is forgotten. */
const TAKE = redisScript(
  `
local now, rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
local wait = 0
if tokens < 1 then wait = math.ceil((1 - tokens) * 1000 / rate) else tokens = tokens - 1 end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', tokens), 'at', math.max(at, now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst * 1000 / rate) + 1000)
return wait
`,
  { repeatable: false },
);

/** Limits that all servers on this Redis share under `name`, one round trip each. Connects at first use. */
export function createRedisCallLimiter(options: RedisCallLimiterOptions): CallLimiter {
  const { url, clock, logger, name } = options;
  const connection = new RedisConnection(logger ? { url, logger } : { url });
  return {
    async take(key, { perSecond, burst }) {
      const parameters = [clock.now(), perSecond, burst];
      const retryAfterMs = Number(await connection.run(TAKE, [`platemark:calls:${name}:${key}`], parameters));
      return { allowed: retryAfterMs === 0, retryAfterMs };
    },
    close: () => connection.close(),
  };
}

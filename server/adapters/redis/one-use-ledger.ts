import { randomUUID } from "node:crypto";
import type { Clock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import type { OneUseLedger } from "../../services/ports/one-use-ledger.ts";
import { RedisConnection, redisScript } from "./connection.ts";

export interface RedisOneUseLedgerOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Keys are `platemark:used:NAME:KEY`. */
  readonly name: string;
}

/** ARGV: who asks, milliseconds. Asked again by the same, because its answer was lost, it answers the same. */
const USE = redisScript(
  `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return 0
`,
  { repeatable: true },
);

/** A ledger that all processes on this Redis share under `name`; Redis forgets by itself. Connects at first use. */
export function createRedisOneUseLedger(options: RedisOneUseLedgerOptions): OneUseLedger {
  const { url, clock, logger, name } = options;
  const connection = new RedisConnection(logger ? { url, logger } : { url });
  return {
    async use(key, expiresAtMs) {
      const leftMs = Math.max(1, Math.ceil(expiresAtMs - clock.now()));
      return (await connection.run(USE, [`platemark:used:${name}:${key}`], [randomUUID(), leftMs])) === 1;
    },
    close: () => connection.close(),
  };
}

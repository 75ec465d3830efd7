import { AppError } from "#kernel/errors.ts";
import type { CallLimit, CallLimiter } from "../../services/ports/call-limiter.ts";
import type { CallObserver, Refusal } from "../call-observer.ts";
import { type Exchange, header } from "../exchange.ts";
import type { Admission } from "./admission.ts";
import { type ClientAddresses, limitKeyOf } from "./client-address.ts";

export interface RateLimitDeps {
  readonly limiter: CallLimiter;
  readonly addresses: ClientAddresses;
  readonly observer: CallObserver;
}

/** Each `null`: no limit. */
export interface RateLimits {
  readonly address: CallLimit | null;
  readonly caller: CallLimit | null;
}

/** So many calls a second, twice as many at once; 0: no limit. Pure. */
export function callLimitOf(perSecond: number): CallLimit | null {
  return perSecond > 0 ? { perSecond, burst: Math.max(1, 2 * perSecond) } : null;
}

/** Limits calls by the address they come from, before the token is looked at, and by the user whose token it is. */
export function createRateLimits(deps: RateLimitDeps, limits: RateLimits): Admission {
  const { limiter, addresses, observer } = deps;
  const take = async (key: string, limit: CallLimit, what: Refusal, exchange: Exchange) => {
    const { allowed, retryAfterMs } = await limiter.take(key, limit);
    if (allowed) return;
    observer.refused(what, "too_many");
    exchange.logger.info("request.refused", {
      path: exchange.path,
      reason: "too many calls",
      key,
      retryAfterMs,
    });
    throw new AppError("resource_exhausted", "Too many calls; slow down and try again.", {
      retry: "backoff",
      details: { retryAfterMs },
    });
  };
  return {
    async admitAddress(exchange) {
      if (!limits.address) return;
      const { request } = exchange;
      const peer = request.socket.remoteAddress ?? "";
      const address = addresses.addressOf(peer, (name) => header(request, name));
      await take(`address:${limitKeyOf(address)}`, limits.address, "address_rate", exchange);
    },
    async admitCaller(exchange) {
      const { caller } = exchange;
      if (limits.caller && caller) await take(`user:${caller.user}`, limits.caller, "caller_rate", exchange);
    },
  };
}

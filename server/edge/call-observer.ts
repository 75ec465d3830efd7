import type { Exchange } from "./exchange.ts";

/** Why a request was not let in. */
export type Refusal = "origin" | "token" | "address_rate" | "caller_rate" | "draining";

/** Looks on at the edge. */
export interface CallObserver {
  /** Once for each request, as soon as it is known who it is; its end is heard from the response. */
  began(exchange: Exchange): void;
  /** @param reason One of a few words: it becomes a metric's label. */
  refused(what: Refusal, reason: string): void;
  /** A call was let in without being counted, because the shared limit is away. */
  limitBypassed(): void;
}

export const unwatched: CallObserver = { began() {}, refused() {}, limitBypassed() {} };

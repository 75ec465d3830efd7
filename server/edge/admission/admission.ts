import type { Exchange } from "../exchange.ts";

/** Who may send how much. Both throw an AppError (`resource_exhausted`, `unavailable`) to refuse. */
export interface Admission {
  /** Before the token is looked at, whatever the path: neither `caller` nor `rpc` is known. */
  admitAddress(exchange: Exchange): Promise<void> | void;
  /** Both are known by now. */
  admitCaller(exchange: Exchange): Promise<void> | void;
}

export const ADMIT_ALL: Admission = { admitAddress() {}, admitCaller() {} };

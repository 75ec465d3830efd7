import type { DescMethod } from "@bufbuild/protobuf";
import type { Exchange } from "../exchange.ts";

/** Who may send how much, and how often. Both throw an AppError (`resource_exhausted`, `unauthenticated`, `unavailable`)
 *  to refuse. */
export interface Admission {
  /** Before the token is looked at, whatever the path: neither `caller` nor `rpc` is known. */
  admitAddress(exchange: Exchange): Promise<void> | void;
  /** The caller is known by now, and may call the method; for a JSON route, the one that it stands for. */
  admitCaller(exchange: Exchange, method: DescMethod): Promise<void> | void;
}

export const ADMIT_ALL: Admission = { admitAddress() {}, admitCaller() {} };

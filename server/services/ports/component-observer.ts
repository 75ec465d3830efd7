import type { ErrorCode } from "#kernel/errors.ts";

/** What the server stands on. */
export type ComponentName = "store" | "database" | "queue";

/** `closed`: calls go through; `open`: they are refused at once; `half_open`: one tries whether it is well again. */
export type BreakerState = "closed" | "open" | "half_open";

/** Looks on while the components are used. */
export interface ComponentObserver {
  /** @param ms From the call to its answer, in milliseconds; of a refused one, 0. */
  called(component: ComponentName, operation: string, outcome: "ok" | ErrorCode, ms: number): void;
  breakerIs(component: ComponentName, state: BreakerState): void;
}

export const unobserved: ComponentObserver = { called() {}, breakerIs() {} };

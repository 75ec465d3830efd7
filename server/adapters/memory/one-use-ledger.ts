import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { OneUseLedger } from "../../services/ports/one-use-ledger.ts";

/** A ledger within one process. When it is full of what still counts, it takes no more: forgetting would let a token in
 *  twice. @param options.maxEntries @default 100_000, some 20 MB */
export function createMemoryOneUseLedger(
  { clock }: { readonly clock: Clock },
  { maxEntries = 100_000 }: { readonly maxEntries?: number } = {},
): OneUseLedger {
  const used = new Map<string, number>();
  const forget = (nowMs: number) => {
    for (const [key, expiresAtMs] of used) if (expiresAtMs <= nowMs) used.delete(key);
  };
  return {
    async use(key, expiresAtMs) {
      const nowMs = clock.now();
      if ((used.get(key) ?? 0) > nowMs) return false;
      if (used.size >= maxEntries) forget(nowMs);
      if (used.size >= maxEntries)
        throw new AppError("resource_exhausted", "Too many tokens for one use at once; try again.", {
          retry: "backoff",
        });
      used.set(key, expiresAtMs);
      return true;
    },
    async close() {
      used.clear();
    },
  };
}

import type { Clock } from "#kernel/clock.ts";

/** A minted token is renewed when less than this is left. Milliseconds. */
const MARGIN_MS = 60_000;
/** How long a minted token lives. Seconds; spec.md S10. */
const LIFETIME_SECONDS = 900;

/** A token for each call: minted when the last one gets old. */
export function renewingToken(
  mint: (options: { readonly ttlSeconds: number; readonly now: number }) => Promise<string>,
  clock: Pick<Clock, "now">,
): () => Promise<string> {
  let current: Promise<string> | undefined;
  let endsAtMs = 0;
  return () => {
    const now = clock.now();
    if (!current || endsAtMs - now < MARGIN_MS) {
      endsAtMs = now + LIFETIME_SECONDS * 1_000;
      current = mint({ ttlSeconds: LIFETIME_SECONDS, now });
      current.catch(() => {
        current = undefined;
      });
    }
    return current;
  };
}

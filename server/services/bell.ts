import type { Clock } from "#kernel/clock.ts";

/** Wakes those who wait for a change, in this process; what other processes change is found by looking again. */
export class Bell {
  readonly #waiting = new Set<() => void>();
  #rings = 0;

  /** Counts rings; hand it to `wait`, so that a ring between looking and waiting is not missed. */
  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings++;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves at the next ring after `seen`, or after `ms`; at an abort, too (the caller looks at its signal). */
  async wait(seen: number, ms: number, clock: Clock, signal?: AbortSignal): Promise<void> {
    if (this.#rings !== seen || signal?.aborted) return;
    const stop = new AbortController();
    const wake = () => stop.abort();
    this.#waiting.add(wake);
    signal?.addEventListener("abort", wake, { once: true });
    try {
      await clock.sleep(ms, { signal: stop.signal });
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    } finally {
      this.#waiting.delete(wake);
      signal?.removeEventListener("abort", wake);
    }
  }
}

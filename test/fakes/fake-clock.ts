import { abortReason } from "#kernel/cancellation.ts";
import type { Clock } from "#kernel/clock.ts";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Lets everything that is ready run: promises, then callbacks of timers and of input that has arrived. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A clock that stands still until the test moves it. Sleepers wake in the order of their times. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #sleepers = new Set<Sleeper>();
  readonly #watchers = new Set<() => void>();

  /** @default 1_800_000_000_000 (January 2027) */
  constructor(startMs = 1_800_000_000_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortReason(signal));
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(abortReason(signal!));
      };
      const sleeper: Sleeper = {
        atMs: this.#nowMs + Math.max(0, ms),
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#sleepers.add(sleeper);
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Milliseconds until the next one wakes; `null` when nobody sleeps. */
  get nextWakeMs(): number | null {
    const next = this.#next();
    return next ? next.atMs - this.#nowMs : null;
  }

  /** Resolves as soon as at least `count` sleep, at once when they do already. Waits in real time for that. */
  async whenSleeping(count = 1): Promise<void> {
    while (this.#sleepers.size < count)
      await new Promise<void>((resolve) => {
        const watcher = () => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
  }

  /** Moves on by `ms` and wakes who is due on the way, each at its own time; those they make sleep anew included. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await turn();
    for (let next = this.#next(); next && next.atMs <= endMs; next = this.#next()) {
      this.#wake(next);
      await turn();
    }
    this.#nowMs = endMs;
    await turn();
  }

  /** Sets the time without waking anybody, as a machine does that slept or had its clock corrected. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  /** Moves on from wake to wake until `work` has settled; input and output take the real time they need. */
  async runUntil<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const watched = work.finally(() => {
      settled = true;
    });
    watched.catch(() => {});
    while (!settled) {
      await turn();
      const next = this.#next();
      if (next && !settled) this.#wake(next);
    }
    return watched;
  }

  #next(): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) if (!next || sleeper.atMs < next.atMs) next = sleeper;
    return next;
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
    this.#nowMs = Math.max(this.#nowMs, sleeper.atMs);
    sleeper.wake();
  }
}

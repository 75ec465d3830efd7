import type { Clock } from "#kernel/clock.ts";

/** How often somebody else's taking is looked for. */
const POLL_MS = 1_000;

interface Watcher {
  readonly watermark: number;
  readonly callback: () => void;
  /** The count has been above the watermark since the last call. */
  armed: boolean;
}

export interface LowWatermarkDeps {
  readonly clock: Clock;
  /** Jobs that are ready now, counted up to `cap`. */
  readonly countReady: (cap: number) => Promise<number>;
}

/**
 * Calls watchers back each time the ready jobs fall to their watermark or below after having been above it. A queue calls
 * `check` after each operation of its own that changes the count; what other processes do is seen by polling, at the
 * latest a second afterwards. Costs nothing while nobody watches.
 */
export class LowWatermark {
  readonly #clock: Clock;
  readonly #countReady: (cap: number) => Promise<number>;
  readonly #watchers = new Set<Watcher>();
  #polling: AbortController | null = null;

  constructor({ clock, countReady }: LowWatermarkDeps) {
    this.#clock = clock;
    this.#countReady = countReady;
  }

  watch(watermark: number, callback: () => void): Disposable {
    const watcher: Watcher = { watermark, callback, armed: false };
    this.#watchers.add(watcher);
    if (!this.#polling) {
      this.#polling = new AbortController();
      void this.#poll(this.#polling.signal);
    }
    return {
      [Symbol.dispose]: () => {
        this.#watchers.delete(watcher);
        if (this.#watchers.size === 0) this.close();
      },
    };
  }

  /** Never rejects: a count that cannot be had now is had at the next look. */
  async check(): Promise<void> {
    if (this.#watchers.size === 0) return;
    const cap = Math.max(...[...this.#watchers].map((watcher) => watcher.watermark)) + 1;
    const ready = await this.#countReady(cap).catch(() => null);
    if (ready === null) return;
    for (const watcher of [...this.#watchers]) {
      if (ready > watcher.watermark) watcher.armed = true;
      else if (watcher.armed) {
        watcher.armed = false;
        watcher.callback();
      }
    }
  }

  /** Nobody is called any more. */
  close(): void {
    this.#watchers.clear();
    this.#polling?.abort();
    this.#polling = null;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.check();
      await this.#clock.sleep(POLL_MS, { signal }).catch(() => {});
    }
  }
}

import { type FSWatcher, watch } from "node:fs";
import type { Clock } from "#kernel/clock.ts";

/** Several events of one change come together. Milliseconds. */
const SETTLE_MS = 50;

/** Waits for something to happen in a folder. Where the system does not tell of it, time has to do. */
export class FolderBell implements Disposable {
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #listens: boolean;
  #watcher: FSWatcher | null = null;
  #rung = false;
  #ring: () => void = () => {};

  /** @param options.listen whether the system is asked at all. */
  constructor(
    deps: { readonly clock: Clock },
    options: { readonly folder: string; readonly listen: boolean },
  ) {
    this.#clock = deps.clock;
    this.#folder = options.folder;
    this.#listens = options.listen;
  }

  /** Resolves after a change since the last time, after `ms`, or when the signal fires. Never rejects. */
  async wait(ms: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#listen();
    if (!this.#rung) {
      const rung = new AbortController();
      this.#ring = () => rung.abort();
      await this.#clock.sleep(ms, { signal: AbortSignal.any([signal, rung.signal]) }).catch(() => {});
    }
    if (this.#rung) await this.#clock.sleep(SETTLE_MS, { signal }).catch(() => {});
    this.#rung = false;
  }

  /** Stops listening; the next {@link wait} begins anew. For a folder that has gone, and may come back as another. */
  forget(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }

  [Symbol.dispose](): void {
    this.forget();
  }

  #listen(): void {
    if (!this.#listens || this.#watcher) return;
    try {
      const watcher = watch(this.#folder, { persistent: false }, () => {
        this.#rung = true;
        this.#ring();
      });
      watcher.on("error", () => this.forget());
      this.#watcher = watcher;
    } catch {
      // Some file systems cannot tell.
    }
  }
}

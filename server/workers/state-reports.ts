import type { MediaState } from "#contracts/media-state.ts";
import type { Clock } from "#kernel/clock.ts";
import { BackgroundTask } from "../services/background-task.ts";

const EVERY_MS = 1_000;

/** Adds up the states that pictures come into, and tells the parent from time to time, and at the end. */
export class StateReports implements AsyncDisposable {
  readonly #task = new BackgroundTask();
  readonly #clock: Clock;
  readonly #post: (message: unknown) => void;
  #counts = new Map<MediaState, number>();

  constructor(deps: { readonly clock: Clock; readonly post: (message: unknown) => void }) {
    this.#clock = deps.clock;
    this.#post = deps.post;
  }

  start(): void {
    this.#task.start(async () => {
      const { signal } = this.#task;
      while (!signal.aborted) {
        await this.#clock.sleep(EVERY_MS, { signal }).catch(() => {});
        this.#send();
      }
    });
  }

  count(state: MediaState, count: number): void {
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#task[Symbol.asyncDispose]();
  }

  #send(): void {
    if (this.#counts.size === 0) return;
    this.#post({ type: "pictures", counts: Object.fromEntries(this.#counts) });
    this.#counts = new Map();
  }
}

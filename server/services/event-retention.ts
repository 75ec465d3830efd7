import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { BackgroundTask } from "./background-task.ts";
import type { MediaRepository } from "./ports/media-repository.ts";

export interface RetentionDeps {
  readonly repository: MediaRepository;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PASS_EVERY_MS = 3_600_000;

/** Removes events that nobody will ask for any more; each holds a whole row, and they are most of a large database. A
 *  reader who was away for longer is told, and lists the pictures anew. */
export class EventRetention implements AsyncDisposable {
  readonly #deps: RetentionDeps;
  readonly #keepMs: number;
  readonly #task = new BackgroundTask();

  /** @param options.keepMs How long events are kept, in milliseconds. */
  constructor(deps: RetentionDeps, options: { readonly keepMs: number }) {
    this.#deps = deps;
    this.#keepMs = options.keepMs;
  }

  start(): void {
    this.#task.start(() => this.#run());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#task[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const { repository, clock, logger } = this.#deps;
    const { signal } = this.#task;
    while (!signal.aborted) {
      try {
        const removed = await repository.removeEventsBefore(clock.now() - this.#keepMs);
        if (removed > 0) logger.info("events.removed", { removed });
      } catch (error) {
        const { code, message } = AppError.from(error);
        logger.warn("events.removal_failed", { code, reason: message });
      }
      await clock.sleep(PASS_EVERY_MS, { signal }).catch(() => {});
    }
  }
}

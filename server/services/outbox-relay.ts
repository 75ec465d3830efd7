import { backoffMs } from "#kernel/backoff.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import { BackgroundTask } from "./background-task.ts";
import type { Bell } from "./bell.ts";
import { mapBounded } from "./bounded.ts";
import type { MediaRepository } from "./ports/media-repository.ts";
import type { Queue } from "./ports/queue.ts";

export interface RelayDeps {
  readonly repository: MediaRepository;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly commits: Bell;
}

const AT_ONCE = 200;
const ENQUEUED_AT_ONCE = 16;
/** Rows of other processes, and those that a crash left, are found this late at most. */
const LOOK_MS = 1_000;

/**
 * Carries jobs from the database's outbox to the queue: at least once, and the queue's idempotence key makes it once.
 * A crash between the two repeats the enqueuing, never loses it. Several relays may run on one database.
 */
export class OutboxRelay implements AsyncDisposable {
  readonly #deps: RelayDeps;
  readonly #task = new BackgroundTask();

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#task.start(() => this.#run());
  }

  /** Ends after the batch in hand. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#task[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const { clock, random, logger, commits } = this.#deps;
    let failures = 0;
    while (!this.#task.signal.aborted) {
      const seen = commits.rings;
      try {
        const moved = await this.#moveBatch();
        failures = 0;
        if (moved < AT_ONCE) await commits.wait(seen, LOOK_MS, clock, this.#task.signal);
      } catch (error) {
        if (this.#task.signal.aborted) return;
        failures++;
        const { code, message } = AppError.from(error);
        logger.warn("outbox.failed", { code, reason: message, failures });
        // Not woken by commits: they would turn the backoff into a storm.
        await clock.sleep(backoffMs(failures, random), { signal: this.#task.signal }).catch(() => {});
      }
    }
  }

  async #moveBatch(): Promise<number> {
    const { repository, queue, logger } = this.#deps;
    const jobs = await repository.outbox(AT_ONCE);
    if (jobs.length === 0) return 0;
    const enqueued = await mapBounded(jobs, ENQUEUED_AT_ONCE, ({ key, payload }) =>
      queue.enqueue(key, payload),
    );
    await repository.outboxDone(jobs.map(({ outboxId }) => outboxId));
    const duplicates = enqueued.filter(({ duplicate }) => duplicate).length;
    logger.debug("outbox.moved", { jobs: jobs.length, duplicates });
    return jobs.length;
  }
}

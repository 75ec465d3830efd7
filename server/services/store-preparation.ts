import { backoffMs } from "#kernel/backoff.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import { BackgroundTask } from "./background-task.ts";
import type { ObjectStore, StoreSetupStep } from "./ports/object-store.ts";

/**
 * Makes the bucket ready when the server starts. A store that does not answer yet keeps nobody from working: it is tried
 * again in the background until it does.
 */
export class StorePreparation implements AsyncDisposable {
  readonly #deps: {
    readonly store: ObjectStore;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
  };
  readonly #task = new BackgroundTask();

  constructor(deps: {
    readonly store: ObjectStore;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
  }) {
    this.#deps = deps;
  }

  /** @throws AppError `store.refused` when the store answers and does not want us: no waiting helps. */
  async start(): Promise<void> {
    try {
      await this.#prepare();
    } catch (error) {
      const failure = AppError.from(error);
      if (failure.retry !== "backoff") throw failure;
      this.#deps.logger.warn("store.not_ready", { code: failure.code, reason: failure.message });
      this.#task.start(() => this.#keepTrying());
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#task[Symbol.asyncDispose]();
  }

  async #keepTrying(): Promise<void> {
    const { clock, random, logger } = this.#deps;
    const { signal } = this.#task;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await clock.sleep(backoffMs(attempt, random), { signal });
        await this.#prepare();
        return;
      } catch (error) {
        if (signal.aborted) return;
        const { code, message, retry } = AppError.from(error);
        logger[retry === "backoff" ? "debug" : "warn"]("store.not_ready", { code, reason: message, attempt });
      }
    }
  }

  async #prepare(): Promise<void> {
    for (const step of await this.#deps.store.ensureReady({ signal: this.#task.signal })) this.#log(step);
  }

  #log({ step, outcome, message }: StoreSetupStep): void {
    this.#deps.logger[outcome === "refused" ? "info" : "debug"]("store.prepared", { step, outcome, message });
  }
}

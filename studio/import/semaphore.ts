import { ByteBudget } from "#kernel/byte-budget.ts";

/** How many may do something at once. */
export class Semaphore {
  readonly #slots: ByteBudget;

  constructor(slots: number) {
    this.#slots = new ByteBudget(slots);
  }

  /** Runs `task` when a slot is free. @throws AppError `aborted`, or what the task throws. */
  async run<T>(task: () => Promise<T>, options: { readonly signal: AbortSignal }): Promise<T> {
    using _slot = await this.#slots.acquire(1, options);
    return await task();
  }
}

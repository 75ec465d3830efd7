import { AppError } from "#kernel/errors.ts";

/**
 * Group commit: calls that come while a batch is on its way wait and become the next batch, so that many callers share
 * one transaction and one sync to disk. A lone call starts at once.
 *
 * `run` answers one outcome for each item, in order; an `AppError` among them rejects that call only. When `run` itself
 * throws for several items, each is run again alone, so that one cannot fail the others; not so when it throws what may
 * be tried again later (the database does not answer), which fails them all.
 */
export class Combiner<Item, Outcome> {
  readonly #run: (items: readonly Item[]) => Promise<readonly (Outcome | AppError)[]>;
  readonly #maxItems: number;
  #waiting: { readonly item: Item; readonly settle: (outcome: Outcome | AppError) => void }[] = [];
  #draining: Promise<void> | null = null;

  constructor(
    run: (items: readonly Item[]) => Promise<readonly (Outcome | AppError)[]>,
    { maxItems = 200 }: { readonly maxItems?: number } = {},
  ) {
    this.#run = run;
    this.#maxItems = maxItems;
  }

  submit(item: Item): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome | AppError) =>
        outcome instanceof AppError ? reject(outcome) : resolve(outcome);
      this.#waiting.push({ item, settle });
      this.#draining ??= this.#drain();
    });
  }

  /** Resolves when everything submitted so far is settled. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // Calls made in the same turn belong together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#maxItems);
      const outcomes = await this.#outcomes(batch.map(({ item }) => item));
      batch.forEach(({ settle }, index) => {
        settle(outcomes[index]!);
      });
    }
    // In the same turn as the last look at the list: a call that comes later starts anew.
    this.#draining = null;
  }

  async #outcomes(items: readonly Item[]): Promise<readonly (Outcome | AppError)[]> {
    try {
      return await this.#run(items);
    } catch (error) {
      const failure = AppError.from(error);
      if (items.length === 1 || failure.retry !== "never") return items.map(() => failure);
      const outcomes: (Outcome | AppError)[] = [];
      for (const item of items) outcomes.push(...(await this.#outcomes([item])));
      return outcomes;
    }
  }
}

import { AppError } from "#kernel/errors.ts";

export interface BatcherOptions {
  /** Items in one call. */
  readonly most: number;
  /** Milliseconds that the first item waits for others. */
  readonly lingerMs: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Many single requests, few calls: `call` gets what came together, and answers in the same order. */
export class Batcher<Item, Result> {
  readonly #call: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #options: BatcherOptions;
  #waiting: Waiting<Item, Result>[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(call: (items: readonly Item[]) => Promise<readonly Result[]>, options: BatcherOptions) {
    this.#call = call;
    this.#options = options;
  }

  /** @throws whatever `call` throws for the batch that the item is in. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length >= this.#options.most) this.#send();
      else this.#timer ??= setTimeout(() => this.#send(), this.#options.lingerMs);
    });
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#call(batch.map(({ item }) => item)).then(
      (results) => {
        for (const [index, { resolve, reject }] of batch.entries()) {
          const result = results[index];
          if (result === undefined)
            reject(
              new AppError("internal", "The server did not answer for every picture it was asked about."),
            );
          else resolve(result);
        }
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
      },
    );
  }
}

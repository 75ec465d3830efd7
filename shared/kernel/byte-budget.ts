import { abortReason, throwIfAborted } from "./cancellation.ts";

interface Waiter {
  readonly bytes: number;
  admit(): void;
}

/**
 * Bounds the bytes that are held at once. Who asks for more than the whole budget is admitted when nobody else holds
 * any, and then alone. First come, first served, so that a large request is not starved by small ones.
 */
export class ByteBudget {
  readonly #limit: number;
  #held = 0;
  readonly #waiting: Waiter[] = [];

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Bytes held now. */
  get held(): number {
    return this.#held;
  }

  /** Resolves when `bytes` may be held; dispose what it answers to give them back. An abort leaves nothing held. */
  async acquire(
    bytes: number,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Disposable> {
    const { signal } = options;
    throwIfAborted(signal);
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => {
          this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
          reject(abortReason(signal!));
          this.#admitNext();
        };
        const waiter: Waiter = {
          bytes,
          admit: () => {
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        this.#waiting.push(waiter);
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    } else {
      this.#held += bytes;
    }
    let released = false;
    return {
      [Symbol.dispose]: () => {
        if (released) return;
        released = true;
        this.#held -= bytes;
        this.#admitNext();
      },
    };
  }

  #fits(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.#limit;
  }

  #admitNext(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#held += next.bytes;
      next.admit();
    }
  }
}

import { abortReason } from "#kernel/cancellation.ts";

/** Bytes that may be held in memory at once, over all pictures. First come, first served. */
export class ByteBudget {
  #free: number;
  readonly #total: number;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  constructor(totalBytes: number) {
    this.#free = totalBytes;
    this.#total = totalBytes;
  }

  /** Resolves when `bytes` are free, and takes them; disposing gives them back. More than the whole budget counts as
   *  the whole budget. @throws AppError `aborted`. */
  take(bytes: number, { signal }: { readonly signal: AbortSignal }): Promise<Disposable> {
    const wanted = Math.min(bytes, this.#total);
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(abortReason(signal));
      const entry = {
        bytes: wanted,
        go: () => {
          signal.removeEventListener("abort", stop);
          resolve(this.#lease(wanted));
        },
      };
      const stop = () => {
        const place = this.#waiting.indexOf(entry);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(abortReason(signal));
        this.#serve();
      };
      signal.addEventListener("abort", stop, { once: true });
      this.#waiting.push(entry);
      this.#serve();
    });
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next && next.bytes <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.go();
    }
  }

  #lease(bytes: number): Disposable {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#free += bytes;
        this.#serve();
      },
    };
  }
}

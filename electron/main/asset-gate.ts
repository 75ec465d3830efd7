import { abortReason } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";

/** Asked of the core at once; it renders them in one process, so more would only lie in its memory. */
const AT_ONCE = 8;
/** Waiting at most; a window that scrolls fast gives its old requests up, so this is never reached by one. */
const MAY_WAIT = 1_000;

/**
 * Keeps a window's hunger for thumbnails from filling the core: a few at a time, the newest request first (it is the
 * one in sight), and requests that were given up cost nothing.
 */
export class AssetGate {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @throws AppError `aborted`, `resource_exhausted`, and whatever `work` throws */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw abortReason(signal);
    if (this.#running >= AT_ONCE) await this.#turn(signal);
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.pop();
      if (next) next();
      else this.#running -= 1;
    }
  }

  /** Resolves when a place was handed over. */
  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= MAY_WAIT)
      throw new AppError("resource_exhausted", "Too many pictures are asked for at once.", {
        retry: "backoff",
      });
    return new Promise((resolve, reject) => {
      const turn = () => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(abortReason(signal));
      };
      this.#waiting.push(turn);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }
}

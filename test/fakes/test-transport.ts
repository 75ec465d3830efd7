import { AppError } from "#kernel/errors.ts";
import type { SignedRequest, Transport } from "#upload/ports.ts";

/** One PUT that waits for the test's answer. */
export interface HeldPut {
  readonly url: string;
  readonly start: number;
  readonly end: number;
  readonly aborted: boolean;
  sent(bytes: number): void;
  succeed(etag?: string): void;
  fail(error: AppError): void;
}

/** A transport whose requests a test awaits and answers, one by one. */
export class TestTransport implements Transport {
  readonly #held: HeldPut[] = [];
  readonly #waiting: ((put: HeldPut) => void)[] = [];
  /** Requests that nobody has taken yet. */
  get pending(): number {
    return this.#held.length;
  }

  put(
    request: SignedRequest,
    { start, end }: { readonly start: number; readonly end: number },
    { signal, onSent }: { readonly signal: AbortSignal; readonly onSent?: (bytes: number) => void },
  ): Promise<{ readonly etag: string }> {
    return new Promise((resolve, reject) => {
      let aborted = false;
      const put: HeldPut = {
        url: request.url,
        start,
        end,
        get aborted() {
          return aborted;
        },
        sent: (bytes) => onSent?.(bytes),
        succeed: (etag = `etag-${start}`) => resolve({ etag }),
        fail: reject,
      };
      signal.addEventListener("abort", () => {
        aborted = true;
        reject(signal.reason instanceof AppError ? signal.reason : new AppError("aborted", "Aborted."));
      });
      const taker = this.#waiting.shift();
      if (taker) taker(put);
      else this.#held.push(put);
    });
  }

  /** The next request, in the order in which they came. */
  next(): Promise<HeldPut> {
    const put = this.#held.shift();
    return put ? Promise.resolve(put) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The next `count` requests. */
  async take(count: number): Promise<HeldPut[]> {
    const puts: HeldPut[] = [];
    while (puts.length < count) puts.push(await this.next());
    return puts;
  }
}

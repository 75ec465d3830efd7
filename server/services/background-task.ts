/** Work that goes on beside the calls, until it is told to stop. Disposing stops it and waits for its end. */
export class BackgroundTask implements AsyncDisposable {
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** Fires when the work is to stop. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** `work` must not reject: nobody hears of it before the end. */
  start(work: () => Promise<void>): void {
    this.#running = work();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

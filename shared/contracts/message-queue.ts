/** Messages in the order they were put, for one reader, who waits where there are none. */
export class MessageQueue<T> implements AsyncIterable<T> {
  readonly #messages: T[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;

  put(message: T): void {
    if (this.#ended) return;
    this.#messages.push(message);
    this.#wake.resolve();
  }

  /** Nothing comes any more; what was put is still read. */
  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) yield message;
      else if (this.#ended) return;
      else {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      }
    }
  }
}

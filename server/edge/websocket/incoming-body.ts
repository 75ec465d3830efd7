/** A call's body as it comes: pushed by the socket, pulled by the handler. At `highBytes` not yet pulled it asks the
 *  socket to pause, at half of them to go on. */
export class IncomingBody implements AsyncIterableIterator<Uint8Array> {
  readonly #queue: Uint8Array[] = [];
  readonly #highBytes: number;
  readonly #socket: { pause(): void; resume(): void };
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #bytes = 0;
  #paused = false;
  #ended = false;
  #failure: unknown;

  constructor(socket: { pause(): void; resume(): void }, options: { readonly highBytes: number }) {
    this.#socket = socket;
    this.#highBytes = options.highBytes;
  }

  /** Not yet pulled. */
  get bytes(): number {
    return this.#bytes;
  }

  get paused(): boolean {
    return this.#paused;
  }

  push(bytes: Uint8Array): void {
    if (this.#ended || bytes.length === 0) return;
    if (this.#waiting) {
      this.#waiting.resolve({ done: false, value: bytes });
      this.#waiting = undefined;
      return;
    }
    this.#queue.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= this.#highBytes && !this.#paused) {
      this.#paused = true;
      this.#socket.pause();
    }
  }

  /** The client has sent all. */
  end(): void {
    this.#ended = true;
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  /** No more will come, and what came is not all. */
  fail(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = reason;
    this.#drop();
    this.#waiting?.reject(reason);
    this.#waiting = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const bytes = this.#queue.shift();
    if (bytes) {
      this.#bytes -= bytes.length;
      if (this.#bytes <= this.#highBytes / 2) this.#resume();
      return { done: false, value: bytes };
    }
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      throw failure;
    }
    if (this.#ended) return { done: true, value: undefined };
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** The handler wants no more: whatever comes is dropped, and the socket read on, so that its end is seen. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    this.end();
    this.#drop();
    return { done: true, value: undefined };
  }

  #drop(): void {
    this.#queue.length = 0;
    this.#bytes = 0;
    this.#resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }
}

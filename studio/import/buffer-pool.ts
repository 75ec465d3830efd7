import { ByteBudget } from "#kernel/byte-budget.ts";

/** Buffers are made in multiples of this, so that one fits files of about its size. Bytes. */
const STEP = 256 * 1024;
/** Below this a buffer is not worth keeping. Bytes. */
const SMALL = 64 * 1024;

export interface LentBuffer extends Disposable {
  /** Exactly as many bytes as were asked for, with anything in them. */
  readonly bytes: Buffer;
}

/**
 * Memory for whole files, used again and again: buffers left to the garbage collector pile up to several times what is
 * in use before it notices. Who borrows one must not touch it after giving it back.
 */
export class BufferPool {
  readonly #budget: ByteBudget;
  readonly #mostIdle: number;
  #idleBytes = 0;
  readonly #idle: Buffer[] = [];

  /** @param totalBytes lent at once; who asks for more must wait. */
  constructor(totalBytes: number) {
    this.#budget = new ByteBudget(totalBytes);
    this.#mostIdle = totalBytes;
  }

  /** Waits until `size` bytes may be held. @throws AppError `aborted`. */
  async borrow(size: number, options: { readonly signal: AbortSignal }): Promise<LentBuffer> {
    const capacity = size <= SMALL ? size : Math.ceil(size / STEP) * STEP;
    const lease = await this.#budget.acquire(capacity, options);
    const whole = this.#take(capacity);
    let lent = true;
    return {
      bytes: whole.subarray(0, size),
      [Symbol.dispose]: () => {
        if (!lent) return;
        lent = false;
        this.#keep(whole);
        lease[Symbol.dispose]();
      },
    };
  }

  #take(capacity: number): Buffer {
    const fits = (buffer: Buffer) => buffer.length >= capacity && buffer.length <= capacity * 2;
    const place = capacity <= SMALL ? -1 : this.#idle.findIndex(fits);
    if (place < 0) return Buffer.allocUnsafeSlow(capacity);
    const [buffer] = this.#idle.splice(place, 1);
    this.#idleBytes -= buffer!.length;
    return buffer!;
  }

  #keep(buffer: Buffer): void {
    if (buffer.length <= SMALL) return;
    this.#idle.push(buffer);
    this.#idleBytes += buffer.length;
    while (this.#idleBytes > this.#mostIdle) this.#idleBytes -= this.#idle.shift()!.length;
  }
}

/** Larger ones are left to the garbage collector: none of them is worth keeping for the next picture. */
const LARGEST_BYTES = 32 * 1024 * 1024;
/** Sizes are rounded up to these, so that a buffer fits the next picture as well. */
const STEP_BYTES = 1024 * 1024;

/**
 * Memory that all threads of this process see, lent again and again. A picture that is handed from thread to thread in
 * it is never copied, takes no fresh pages from the system, and does not wake the garbage collector, which counts
 * what ordinary buffers hold.
 */
export class SharedBuffers {
  readonly #mostKept: number;
  readonly #free: SharedArrayBuffer[] = [];
  #kept = 0;

  /** @param mostKept Bytes that wait for the next picture, at most. */
  constructor(mostKept: number) {
    this.#mostKept = mostKept;
  }

  /** `size` bytes of any content; beyond 32 MiB they are ordinary memory, which no other thread sees. */
  lend(size: number): Uint8Array {
    if (size > LARGEST_BYTES) return new Uint8Array(size);
    const fitting = this.#free.filter(({ byteLength }) => byteLength >= size);
    const smallest = Math.min(...fitting.map(({ byteLength }) => byteLength));
    const found = fitting.find(({ byteLength }) => byteLength === smallest);
    if (found) this.#take(found);
    const rounded = Math.max(1, Math.ceil(size / STEP_BYTES)) * STEP_BYTES;
    return new Uint8Array(found ?? new SharedArrayBuffer(rounded), 0, size);
  }

  /** Takes back what was lent, as a whole or in part. No thread may read or write it any more. */
  giveBack({ buffer }: Uint8Array): void {
    if (!(buffer instanceof SharedArrayBuffer)) return;
    this.#free.push(buffer);
    this.#kept += buffer.byteLength;
    // The one that has waited longest has not been wanted for longest.
    while (this.#kept > this.#mostKept) this.#take(this.#free[0]!);
  }

  /**
   * Lends to `work` and takes all of it back when that has ended, but not where `isInUse` says of its failure that
   * somebody may still be at work on it: then it is left to the garbage collector.
   */
  async during<T>(
    work: (lend: (size: number) => Uint8Array) => Promise<T>,
    isInUse: (error: unknown) => boolean,
  ): Promise<T> {
    const lent: Uint8Array[] = [];
    const giveBack = () => {
      for (const each of lent) this.giveBack(each);
    };
    const lend = (size: number) => {
      const bytes = this.lend(size);
      lent.push(bytes);
      return bytes;
    };
    try {
      const result = await work(lend);
      giveBack();
      return result;
    } catch (error) {
      if (!isInUse(error)) giveBack();
      throw error;
    }
  }

  #take(buffer: SharedArrayBuffer): void {
    this.#free.splice(this.#free.indexOf(buffer), 1);
    this.#kept -= buffer.byteLength;
  }
}

/** True where other threads can be given the bytes without a copy. */
export function isShared({ buffer }: Uint8Array): boolean {
  return buffer instanceof SharedArrayBuffer;
}

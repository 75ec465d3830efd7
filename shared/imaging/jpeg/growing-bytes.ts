/** Bytes written one piece behind the other into one buffer, which grows when the first guess was too small. */
export class GrowingBytes {
  #buffer: ArrayBuffer;
  #length = 0;

  constructor(expected: number) {
    this.#buffer = new ArrayBuffer(expected);
  }

  readonly append = (piece: Uint8Array): void => {
    const needed = this.#length + piece.length;
    if (needed > this.#buffer.byteLength)
      this.#buffer = this.#buffer.transfer(Math.max(needed, Math.ceil(this.#buffer.byteLength * 1.25)));
    new Uint8Array(this.#buffer, this.#length).set(piece);
    this.#length = needed;
  };

  /** All bytes, in a buffer of their own; nothing can be appended any more. */
  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer.transfer(this.#length));
  }
}

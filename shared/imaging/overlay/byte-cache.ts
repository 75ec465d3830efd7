/** Keeps the values that were used last, up to a number of bytes. */
export class ByteCache<Value> {
  readonly #limit: number;
  readonly #entries = new Map<string, { readonly value: Value; readonly bytes: number }>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Of what is kept now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The value kept under this name, or the one that `make` makes, which is then kept if it may be. */
  get(key: string, make: () => Value, bytesOf: (value: Value) => number): Value {
    const known = this.#entries.get(key);
    if (known) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.value;
    }
    const value = make();
    const bytes = bytesOf(value) + key.length;
    if (bytes > this.#limit) return value;
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#limit) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
    return value;
  }
}

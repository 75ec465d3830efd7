/** Most connections at once. */
export interface ConnectionLimitOptions {
  readonly total: number;
  /** From one address; of IPv6, from one network of 64 bits. */
  readonly perAddress: number;
  /** Where proxies of ours come from there is no limit for the address: everybody comes from there.
   *  @default nobody */
  readonly isTrusted?: (address: string) => boolean;
}

/** Counts the connections that are open. */
export class ConnectionLimits {
  readonly #options: ConnectionLimitOptions;
  readonly #byKey = new Map<string, number>();
  #total = 0;

  constructor(options: ConnectionLimitOptions) {
    this.#options = options;
  }

  /** Answers what to call when the connection is closed, or `null` when there is no room for it.
   *  @param key What is counted together, see `limitKeyOf`. */
  admit(address: string, key: string): (() => void) | null {
    const { total, perAddress, isTrusted } = this.#options;
    const open = this.#byKey.get(key) ?? 0;
    if (this.#total >= total || (open >= perAddress && !isTrusted?.(address))) return null;
    this.#total++;
    this.#byKey.set(key, open + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#total--;
      const left = (this.#byKey.get(key) ?? 1) - 1;
      if (left === 0) this.#byKey.delete(key);
      else this.#byKey.set(key, left);
    };
  }
}

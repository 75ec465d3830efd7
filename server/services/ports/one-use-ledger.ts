/** Remembers what has been used, until it is void anyway. Shared by all servers that check the same tokens. */
export interface OneUseLedger {
  /**
   * Whether this is the first use of `key`; of any number at once exactly one is. `true` once, `false` until
   * `expiresAtMs`, and from then on the key may be forgotten.
   * @throws AppError `unavailable`, `resource_exhausted` when it cannot be remembered: then it does not count as used.
   */
  use(key: string, expiresAtMs: number): Promise<boolean>;
  close(): Promise<void>;
}

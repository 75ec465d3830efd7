/** One line of the list of origins (spec.md G3). Plain data: it travels over the API and into Envoy's configuration. */
export interface OriginEntry {
  /** `exact`: one origin. `wildcard`: every host below one, at any depth. `pattern`: RE2, over the whole origin. */
  readonly kind: "exact" | "wildcard" | "pattern";
  /** Canonical, as browsers write origins: `https://shop.example`, `https://*.shop.example:8443`, or `null`. */
  readonly value: string;
  /** Whether pages may send cookies and client certificates along. Bearer tokens need none of it. */
  readonly credentials: boolean;
}

export type Environment = "production" | "staging" | "local";

export interface OriginsInForce {
  readonly environment: Environment;
  /** Changes with the list, of whichever environment; the same for all servers that have the same list. */
  readonly version: string;
  /** Of this environment; can be changed. */
  readonly entries: readonly OriginEntry[];
  /** From the command line: in force as well, until the server is started anew. */
  readonly fixed: readonly OriginEntry[];
  /** What is wrong with the file as it is now, `null` when it is in force. */
  readonly refused: string | null;
}

/** The list of origins, as those see it who may change it. */
export interface OriginControl {
  inForce(): OriginsInForce;
  /**
   * Puts a list in the place of this environment's. All or nothing, and audited.
   * @throws AppError `conflict` unless the list in force, and the file it is from, is still the expected version;
   *   `invalid_argument` that names the entry; `disk.full`, `unavailable` when file or audit cannot be written.
   */
  set(change: {
    readonly expectedVersion: string;
    readonly entries: readonly OriginEntry[];
    readonly actor: string;
    readonly requestId: string;
  }): Promise<OriginsInForce>;
}

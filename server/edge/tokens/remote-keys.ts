import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { KeySetSource } from "../../services/ports/key-set-source.ts";
import { type KeySet, keyFor, parseKeySet } from "./key-set.ts";
import type { TokenHeader } from "./token-header.ts";
import type { VerificationKey, VerificationKeys } from "./verification-keys.ts";

export interface RemoteKeysOptions {
  /** How long keys are believed without asking. @default 600_000 */
  readonly maxAgeMs?: number;
  /** The least time between two questions, whatever comes in. @default 30_000 */
  readonly coolDownMs?: number;
  /** How long keys stay in force when their source does not answer. @default 3_600_000 */
  readonly maxStaleMs?: number;
}

/**
 * Public keys of a JWKS URL. One question at a time, however many tokens wait for it. A key that nobody knows makes one
 * question more, so that an issuer's new key works at once; after it, and after one without an answer, comes a pause.
 */
export class RemoteKeys implements VerificationKeys {
  readonly #source: KeySetSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxAgeMs: number;
  readonly #coolDownMs: number;
  readonly #maxStaleMs: number;
  #keys: KeySet = [];
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;

  constructor(
    deps: { readonly source: KeySetSource; readonly clock: Clock; readonly logger: Logger },
    { maxAgeMs = 600_000, coolDownMs = 30_000, maxStaleMs = 3_600_000 }: RemoteKeysOptions = {},
  ) {
    this.#source = deps.source;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#maxAgeMs = maxAgeMs;
    this.#coolDownMs = coolDownMs;
    this.#maxStaleMs = maxStaleMs;
  }

  /** Asks for the keys and does not wait for them, so that a wrong URL is in the log before the first caller comes. */
  start(): void {
    void this.#ask();
  }

  async find(header: TokenHeader): Promise<VerificationKey> {
    if (this.#ageMs() > this.#maxAgeMs) await this.#ask();
    if (this.#ageMs() > this.#maxStaleMs)
      throw new AppError("unavailable", "The keys of the tokens cannot be had; try again.", {
        retry: "backoff",
      });
    try {
      return keyFor(this.#keys, header);
    } catch (error) {
      if (!(await this.#ask())) throw error;
      return keyFor(this.#keys, header);
    }
  }

  /** A clock that was set back makes keys old rather than young. */
  #ageMs(): number {
    const ageMs = this.#clock.now() - this.#fetchedMs;
    return ageMs < 0 ? Number.POSITIVE_INFINITY : ageMs;
  }

  /** @returns whether somebody was asked. Never rejects. */
  async #ask(): Promise<boolean> {
    const sinceMs = this.#clock.now() - this.#askedMs;
    if (!this.#asking && sinceMs >= 0 && sinceMs < this.#coolDownMs) return false;
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = null;
    });
    await this.#asking;
    return true;
  }

  async #fetch(): Promise<void> {
    this.#askedMs = this.#clock.now();
    try {
      const keys = await parseKeySet(await this.#source.fetch());
      this.#keys = keys;
      this.#fetchedMs = this.#clock.now();
      this.#logger.info("keys.loaded", { kids: keys.map(({ kid, alg }) => `${kid ?? "none"} ${alg}`) });
    } catch (error) {
      this.#logger.warn("keys.refused", { reason: AppError.from(error).message });
    }
  }
}

import type { MediaEvent, MediaRow } from "./ports/media-repository.ts";

/** Changes that a client has yet to be sent: of each picture the last one, in the order of sequence numbers. */
export class PendingChanges {
  readonly #limit: number;
  readonly #byPicture = new Map<string, MediaEvent>();
  /** Everything up to here was put. */
  #sequence: number;

  /** @param limit Pictures. */
  constructor(limit: number, sequence: number) {
    this.#limit = limit;
    this.#sequence = sequence;
  }

  get isEmpty(): boolean {
    return this.#byPicture.size === 0;
  }

  get isFull(): boolean {
    return this.#byPicture.size >= this.#limit;
  }

  /** Up to which nothing is pending. */
  get sequence(): number {
    return this.#sequence;
  }

  put(events: readonly MediaEvent[], sequence: number): void {
    for (const event of events) {
      // To the end, where its new sequence number belongs.
      this.#byPicture.delete(event.media.id);
      this.#byPicture.set(event.media.id, event);
    }
    this.#sequence = Math.max(this.#sequence, sequence);
  }

  /** The oldest. Whoever has them may go on from `sequence`: what was left out because it changed again is above. */
  take(count: number): { readonly rows: readonly MediaRow[]; readonly sequence: number } {
    const rows: MediaRow[] = [];
    let sequence = 0;
    for (const [id, event] of this.#byPicture) {
      if (rows.length === count) return { rows, sequence };
      rows.push(event.media);
      sequence = event.sequence;
      this.#byPicture.delete(id);
    }
    return { rows, sequence: this.#sequence };
  }
}

import type { Clock } from "#kernel/clock.ts";
import { Bell } from "./bell.ts";
import type { MediaEvent, MediaRepository } from "./ports/media-repository.ts";

export interface MediaTailDeps {
  readonly repository: MediaRepository;
  readonly clock: Clock;
  /** Rung after each commit of this process. */
  readonly commits: Bell;
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Answers nothing after so long without an event. Milliseconds. */
  readonly heartbeatMs: number;
}

/** Events of one owner up to `sequence`, in order; none: a heartbeat. */
export interface EventBatch {
  readonly events: readonly MediaEvent[];
  /** Ask for what is above, and nothing is missed. */
  readonly sequence: number;
}

const EVENTS_AT_ONCE = 500;
/** Kept for a reader who is busy; one who falls further behind reads them from the database when it comes. */
const EVENTS_KEPT = 1_000;
/** Workers commit in processes of their own: looked for this often while things happen, and less and less in silence. */
const FASTEST_LOOK_MS = 50;
const SLOWEST_LOOK_MS = 1_000;

/**
 * Looks for new events once for all who follow in this process, whoever owns the pictures, and hands them out. Nobody
 * follows: nobody looks. A slow reader costs a bounded buffer and delays nobody.
 */
export class MediaTail implements AsyncDisposable {
  readonly #deps: MediaTailDeps;
  readonly #readers = new Set<Reader>();
  #running: Promise<void> = Promise.resolve();
  #stop = new AbortController();
  /** Every event up to here was handed out; `null`: nobody looks. */
  #sequence: number | null = null;

  constructor(deps: MediaTailDeps) {
    this.#deps = deps;
  }

  /** Every event of `owner` above `after`, once and in order, until `signal` fires; then it just ends.
   *  @throws AppError `not_found` when some of them have been removed; as the database fails. */
  async *follow(
    owner: string,
    after: number,
    { signal, heartbeatMs }: FollowOptions,
  ): AsyncGenerator<EventBatch> {
    const { repository, clock } = this.#deps;
    const reader = new Reader(owner);
    let sequence = after;
    let spokeMs = clock.now();
    try {
      while (!signal.aborted) {
        if (reader.behind) {
          // Joining first: what is committed from here on is in the buffer, what was before is in the database.
          const joinedAt = await this.#join(reader);
          for (let more = true; more && !signal.aborted && sequence < joinedAt; ) {
            const events = await repository.eventsAfter(sequence, { owner, limit: EVENTS_AT_ONCE });
            more = events.length === EVENTS_AT_ONCE;
            sequence = events.at(-1)?.sequence ?? sequence;
            if (events.length > 0) yield { events, sequence };
          }
          spokeMs = clock.now();
          continue;
        }
        const seen = reader.bell.rings;
        if (reader.failure) throw reader.failure.error;
        const events = reader.take().filter((event) => event.sequence > sequence);
        // What was handed out to others is nothing that this one could miss: its place moves on in silence, too.
        sequence = Math.max(sequence, this.#sequence ?? 0);
        const nowMs = clock.now();
        if (events.length > 0 || nowMs - spokeMs >= heartbeatMs) {
          spokeMs = nowMs;
          yield { events, sequence };
        } else await reader.bell.wait(seen, heartbeatMs - (nowMs - spokeMs), clock, signal);
      }
    } finally {
      this.#leave(reader);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** From now on events above the answered sequence are kept for the reader. */
  async #join(reader: Reader): Promise<number> {
    this.#readers.add(reader);
    if (this.#sequence === null) {
      // Whoever comes first starts it; those who come meanwhile read the same number.
      const latest = await this.#deps.repository.lastSequence();
      if (this.#sequence === null && this.#readers.size > 0) {
        this.#sequence = latest;
        this.#stop = new AbortController();
        // One that was stopped may still be amid a look.
        this.#running = Promise.all([this.#running, this.#run(this.#stop.signal)]).then(() => {});
      }
    }
    reader.behind = false;
    return this.#sequence ?? Number.MAX_SAFE_INTEGER;
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#stop.abort();
    this.#sequence = null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { repository, commits, clock } = this.#deps;
    let lookMs = FASTEST_LOOK_MS;
    try {
      while (!signal.aborted) {
        const seen = commits.rings;
        const events = await repository.eventsAfter(this.#sequence ?? 0, { limit: EVENTS_AT_ONCE });
        if (signal.aborted) return;
        for (const event of events) this.#handOut(event);
        if (events.length > 0) {
          this.#sequence = events.at(-1)!.sequence;
          for (const reader of this.#readers) reader.announce();
          lookMs = FASTEST_LOOK_MS;
        }
        if (events.length === EVENTS_AT_ONCE) continue;
        await commits.wait(seen, lookMs, clock, signal);
        lookMs = Math.min(SLOWEST_LOOK_MS, lookMs * 1.5);
      }
    } catch (error) {
      if (signal.aborted) return;
      for (const reader of this.#readers) reader.fail(error);
      this.#readers.clear();
      this.#sequence = null;
    }
  }

  #handOut(event: MediaEvent): void {
    for (const reader of this.#readers) if (reader.owner === event.media.owner) reader.put(event);
  }
}

/** One who follows, and what is kept for it. */
class Reader {
  readonly owner: string;
  readonly bell = new Bell();
  /** It has to read from the database before anything is kept for it. */
  behind = true;
  failure: { readonly error: unknown } | undefined;
  #events: MediaEvent[] = [];
  #fresh = false;

  constructor(owner: string) {
    this.owner = owner;
  }

  put(event: MediaEvent): void {
    if (this.behind) return;
    this.#fresh = true;
    if (this.#events.length < EVENTS_KEPT) this.#events.push(event);
    else this.#fallBehind();
  }

  /** Wakes it when something was put. */
  announce(): void {
    if (!this.#fresh) return;
    this.#fresh = false;
    this.bell.ring();
  }

  take(): readonly MediaEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  fail(error: unknown): void {
    this.failure = { error };
    this.bell.ring();
  }

  #fallBehind(): void {
    this.behind = true;
    this.#events = [];
  }
}

import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Caller } from "./caller.ts";
import type { MediaTail } from "./media-tail.ts";
import type { MediaRepository } from "./ports/media-repository.ts";
import type { PresenceBoard } from "./ports/presence-board.ts";
import {
  assertHello,
  SYNC_HEARTBEAT_MS,
  type SyncHello,
  type SyncIn,
  type SyncOut,
} from "./sync-messages.ts";
import { SyncSession } from "./sync-session.ts";

export interface SyncDeps {
  readonly repository: MediaRepository;
  readonly tail: MediaTail;
  readonly presence: PresenceBoard;
  readonly clock: Clock;
}

const HELLO_MS = 10_000;
const SESSIONS_OF_A_USER = 64;
/** Acknowledgements remembered for clients that come back without their own; the longest unused are forgotten. */
const ACKNOWLEDGEMENTS = 10_000;

/** Streams in which a user's clients follow changes, and each other. What is remembered of a client (its last
 *  acknowledgement, that it is there) lives in this process; a client that names where it was depends on none of it. */
export class SyncService {
  readonly #deps: SyncDeps;
  readonly #sessions = new Map<string, Map<string, SyncSession>>();
  readonly #acknowledged = new Map<string, number>();

  constructor(deps: SyncDeps) {
    this.#deps = deps;
  }

  /** One client's stream, until it has said all or `signal` fires.
   *  @throws AppError `invalid_argument`, `deadline_exceeded` without a hello; `not_found` when changes it wants have
   *  been removed; `conflict` when the same client has come again; `resource_exhausted` when it is too slow, or the
   *  user has too many; `unavailable` when it is silent for too long. */
  async *sync(caller: Caller, incoming: AsyncIterable<SyncIn>, signal: AbortSignal): AsyncGenerator<SyncOut> {
    const { tail } = this.#deps;
    const messages = incoming[Symbol.asyncIterator]();
    const hello = await this.#hello(messages, signal);
    const sequence = await this.#start(caller.user, hello);
    const key = `${caller.user}/${hello.clientId}`;
    const session = new SyncSession(caller.user, hello, sequence, {
      ...this.#deps,
      acknowledged: (upTo) => this.#remember(key, upTo),
    });
    this.#enter(caller.user, hello.clientId, session);
    // What it does not acknowledge before it goes is pushed again.
    this.#remember(key, sequence);
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal]);
    const followed = hello.media
      ? session.follow(
          tail.follow(caller.user, sequence, { signal: stop, heartbeatMs: SYNC_HEARTBEAT_MS }),
          stop,
        )
      : Promise.resolve();
    void session.listen({ [Symbol.asyncIterator]: () => messages });
    try {
      yield* session.speak(stop);
    } finally {
      ended.abort();
      await followed;
      messages.return?.().catch(() => {});
      this.#leave(caller.user, hello.clientId, session);
    }
  }

  async #hello(messages: AsyncIterator<SyncIn>, signal: AbortSignal): Promise<SyncHello> {
    const said = new AbortController();
    const late = this.#deps.clock
      .sleep(HELLO_MS, { signal: AbortSignal.any([signal, said.signal]) })
      .then(() => {
        throw new AppError("deadline_exceeded", "The client did not say hello.");
      });
    late.catch(() => {});
    try {
      const first = await Promise.race([messages.next(), late]);
      if (first.done || first.value.kind !== "hello")
        throw new AppError("invalid_argument", "A client says hello first.");
      assertHello(first.value);
      return first.value;
    } finally {
      said.abort();
    }
  }

  async #start(user: string, { clientId, afterSequence }: SyncHello): Promise<number> {
    return (
      afterSequence ??
      this.#acknowledged.get(`${user}/${clientId}`) ??
      (await this.#deps.repository.lastSequence())
    );
  }

  #remember(key: string, sequence: number): void {
    const before = this.#acknowledged.get(key) ?? 0;
    this.#acknowledged.delete(key);
    this.#acknowledged.set(key, Math.max(before, sequence));
    if (this.#acknowledged.size > ACKNOWLEDGEMENTS)
      this.#acknowledged.delete(this.#acknowledged.keys().next().value!);
  }

  #enter(user: string, clientId: string, session: SyncSession): void {
    const sessions = this.#sessions.get(user) ?? new Map<string, SyncSession>();
    if (!sessions.has(clientId) && sessions.size >= SESSIONS_OF_A_USER)
      throw new AppError("resource_exhausted", "Too many clients of this user are connected.", {
        retry: "backoff",
      });
    sessions.get(clientId)?.fail(new AppError("conflict", "The same client has connected again."));
    sessions.set(clientId, session);
    this.#sessions.set(user, sessions);
  }

  #leave(user: string, clientId: string, session: SyncSession): void {
    const sessions = this.#sessions.get(user);
    if (sessions?.get(clientId) !== session) return;
    session.leave();
    sessions.delete(clientId);
    if (sessions.size === 0) this.#sessions.delete(user);
  }
}

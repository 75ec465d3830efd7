import { Cancelled } from "#kernel/cancel-reason.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { Bell } from "./bell.ts";
import type { EventBatch } from "./media-tail.ts";
import { PendingChanges } from "./pending-changes.ts";
import type { Peer, PresenceBoard } from "./ports/presence-board.ts";
import {
  assertActivity,
  SYNC_DEAD_AFTER_MS,
  SYNC_HEARTBEAT_MS,
  SYNC_WINDOW,
  type SyncHello,
  type SyncIn,
  type SyncOut,
} from "./sync-messages.ts";

export interface SyncSessionDeps {
  readonly presence: PresenceBoard;
  readonly clock: Clock;
  /** Told of each acknowledgement. */
  readonly acknowledged: (sequence: number) => void;
}

const CHANGES_AT_ONCE = 100;
/** Pictures; beyond, the tail of events keeps them, in bounds of its own. */
const PENDING_PICTURES = 1_000;
/** With nothing taken for so long while so much is pending, a client is too slow. */
const SLOW_MS = 30_000;
/** Many of a user's clients that all say what they do must not drown each other. */
const PRESENCE_EVERY_MS = 250;

/** One client's stream, once it has said hello. */
export class SyncSession {
  readonly #deps: SyncSessionDeps;
  readonly #user: string;
  readonly #hello: SyncHello;
  readonly #pending: PendingChanges;
  readonly #wake = new Bell();
  readonly #room = new Bell();
  /** Sequence numbers of pushes without an acknowledgement, in order. */
  #unacknowledged: number[] = [];
  #peer: Peer;
  #presenceChanged: boolean;
  #presenceSaidMs = 0;
  #heardMs: number;
  #spokeMs: number;
  #over = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(user: string, hello: SyncHello, sequence: number, deps: SyncSessionDeps) {
    const { clientId, clientKind: kind, label, activity } = hello;
    this.#deps = deps;
    this.#user = user;
    this.#hello = hello;
    this.#pending = new PendingChanges(PENDING_PICTURES, sequence);
    this.#heardMs = deps.clock.now();
    this.#spokeMs = this.#heardMs;
    this.#presenceChanged = hello.presence;
    this.#peer = { clientId, kind, label, activity, sinceMs: this.#heardMs };
  }

  /** Ends the stream with an error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake.ring();
    this.#room.ring();
  }

  /** Listens until the client has said all. Never rejects. */
  async listen(messages: AsyncIterable<SyncIn>): Promise<void> {
    try {
      for await (const message of messages) this.#hear(message);
      this.#over = true;
      this.#wake.ring();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Takes changes in as fast as the client is sent them. Never rejects. */
  async follow(batches: AsyncIterable<EventBatch>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    try {
      for await (const { events, sequence } of batches) {
        this.#pending.put(events, sequence);
        if (events.length > 0) this.#wake.ring();
        for (let fullMs = clock.now(); this.#pending.isFull && !signal.aborted && !this.#failure; ) {
          if (clock.now() - fullMs >= SLOW_MS) throw new Cancelled("too_slow");
          await this.#room.wait(this.#room.rings, SLOW_MS, clock, signal);
        }
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** What the server says, until the client has said all, or `signal` fires.
   *  @throws AppError `unavailable` when the client is silent for too long, and whatever the session failed with. */
  async *speak(signal: AbortSignal): AsyncGenerator<SyncOut> {
    const { presence, clock } = this.#deps;
    presence.put(this.#user, this.#peer);
    using _watch = presence.watch(this.#user, () => {
      this.#presenceChanged = this.#hello.presence;
      if (this.#presenceChanged) this.#wake.ring();
    });
    yield { kind: "welcome", sequence: this.#pending.sequence };
    while (!signal.aborted && !this.#over) {
      const seen = this.#wake.rings;
      if (this.#failure) throw this.#failure.error;
      const nowMs = clock.now();
      if (nowMs - this.#heardMs >= SYNC_DEAD_AFTER_MS)
        throw new AppError("unavailable", "Nothing was heard of the client for too long.", {
          retry: "backoff",
        });
      const message = this.#next(nowMs);
      if (message) {
        this.#spokeMs = nowMs;
        yield message;
      } else await this.#wake.wait(seen, this.#idleMs(nowMs), clock, signal);
    }
  }

  /** It is not there any more. Not for one that another stream of the same client has replaced. */
  leave(): void {
    this.#deps.presence.remove(this.#user, this.#peer.clientId);
  }

  #next(nowMs: number): SyncOut | undefined {
    if (this.#presenceChanged && nowMs - this.#presenceSaidMs >= PRESENCE_EVERY_MS) {
      this.#presenceChanged = false;
      this.#presenceSaidMs = nowMs;
      return { kind: "presence", peers: this.#deps.presence.peers(this.#user) };
    }
    if (!this.#pending.isEmpty && this.#unacknowledged.length < SYNC_WINDOW) {
      const { rows, sequence } = this.#pending.take(CHANGES_AT_ONCE);
      this.#unacknowledged.push(sequence);
      this.#room.ring();
      return { kind: "changes", rows, sequence };
    }
    if (nowMs - this.#spokeMs < SYNC_HEARTBEAT_MS) return undefined;
    const sequence = this.#pending.isEmpty ? this.#pending.sequence : 0;
    return { kind: "heartbeat", sequence, nowMs };
  }

  #idleMs(nowMs: number): number {
    const heartbeat = this.#spokeMs + SYNC_HEARTBEAT_MS;
    const dead = this.#heardMs + SYNC_DEAD_AFTER_MS;
    const presence = this.#presenceChanged
      ? this.#presenceSaidMs + PRESENCE_EVERY_MS
      : Number.POSITIVE_INFINITY;
    return Math.min(heartbeat, dead, presence) - nowMs;
  }

  #hear(message: SyncIn): void {
    this.#heardMs = this.#deps.clock.now();
    switch (message.kind) {
      case "hello":
        throw new AppError("invalid_argument", "Hello is said once.");
      case "acknowledge": {
        this.#unacknowledged = this.#unacknowledged.filter((sequence) => sequence > message.sequence);
        this.#deps.acknowledged(message.sequence);
        this.#wake.ring();
        return;
      }
      case "activity": {
        assertActivity(message.activity);
        this.#peer = { ...this.#peer, activity: message.activity };
        this.#deps.presence.put(this.#user, this.#peer);
        return;
      }
      case "ping":
    }
  }
}

import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { type Media, MediaService } from "#gen/media_pb.ts";
import {
  type SyncClientKind,
  type SyncPeer,
  type SyncRequestSchema,
  type SyncResponse,
  SyncService,
} from "#gen/sync_pb.ts";
import { backoffMs } from "#kernel/backoff.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import type { Random } from "#kernel/random.ts";
import { fromConnectError } from "./client.ts";
import { MessageQueue } from "./message-queue.ts";

export interface SyncClientDeps {
  /** HTTP/2 in Node, a websocket in a page; with `bearer(token)` among its interceptors. */
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
}

export interface SyncClientOptions {
  /** The same whenever this client comes back, see SyncHello. */
  readonly clientId: string;
  readonly kind: SyncClientKind;
  readonly label?: string;
  /** Changes above are wanted. @default from now on */
  readonly afterSequence?: bigint;
}

/** `waiting`: for another try after a failure. */
export type SyncState = "connecting" | "connected" | "waiting";

/** What the client hears. Without `changes` or `presence` it does not ask for them. */
export interface SyncListener {
  /** Acknowledged once this has resolved; then they do not come again. A failure here ends `run`. */
  changes?(items: readonly Media[], sequence: bigint): Promise<void> | void;
  /** All of the user's clients, this one included. */
  presence?(peers: readonly SyncPeer[]): void;
  /** Changes were missed: list the pictures anew. What changes from now on is pushed afterwards. */
  missed?(): Promise<void> | void;
  state?(state: SyncState): void;
}

type Message = MessageInitShape<typeof SyncRequestSchema>["message"];

const CALL_TIMEOUT_MS = 30_000;
/** Until the server has said how long is too long. */
const WELCOME_MS = 20_000;
/** A connection that has held for so long was a good one: the next failure is the first again. */
const SETTLED_MS = 5_000;
/** Another token may come; the same one again does not help. */
const UNAUTHENTICATED_TRIES = 3;
/** What another try would meet again. */
const FINAL: readonly ErrorCode[] = ["invalid_argument", "permission_denied", "conflict"];

/** Keeps a `Sync` stream open for as long as it runs: comes back with growing pauses, and goes on where it was. */
export class SyncClient {
  readonly #deps: SyncClientDeps;
  readonly #options: SyncClientOptions;
  readonly #listener: SyncListener;
  #sequence: bigint | undefined;
  #activity = "";
  #outgoing: MessageQueue<MessageInitShape<typeof SyncRequestSchema>> | undefined;

  constructor(deps: SyncClientDeps, options: SyncClientOptions, listener: SyncListener) {
    this.#deps = deps;
    this.#options = options;
    this.#listener = listener;
    this.#sequence = options.afterSequence;
  }

  /** Up to which changes were acknowledged; a client that starts anew goes on from here. */
  get sequence(): bigint | undefined {
    return this.#sequence;
  }

  /** For the user's other clients to show. */
  setActivity(activity: string): void {
    this.#activity = activity;
    this.#say({ case: "activity", value: { activity } });
  }

  /** Until `signal` fires. @throws AppError `conflict` when the same client has connected elsewhere, `permission_denied`
   *  or `unauthenticated` when it is not let in, and what the listener threw. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    let attempt = 0;
    let refused = 0;
    while (!signal.aborted) {
      const startedMs = clock.now();
      try {
        this.#listener.state?.("connecting");
        await this.#connect(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ListenerFailure) throw error.cause;
        const failure = fromConnectError(error);
        if (failure.code === "not_found") await this.#startAnew(signal).catch(rethrowListener);
        refused = failure.code === "unauthenticated" ? refused + 1 : 0;
        const isFinal = FINAL.includes(failure.code) && failure.retry === "never";
        if (isFinal || refused >= UNAUTHENTICATED_TRIES) throw failure;
      }
      attempt = clock.now() - startedMs >= SETTLED_MS ? 1 : attempt + 1;
      this.#listener.state?.("waiting");
      await clock.sleep(backoffMs(attempt, random), { signal }).catch(() => {});
    }
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { transport, clock } = this.#deps;
    const ended = new AbortController();
    const outgoing = new MessageQueue<MessageInitShape<typeof SyncRequestSchema>>();
    const beat = new Heartbeat(clock, ended, () => this.#say({ case: "ping", value: {} }));
    this.#outgoing = outgoing;
    this.#sayHello();
    try {
      const options = { signal: AbortSignal.any([signal, ended.signal]) };
      for await (const response of createClient(SyncService, transport).sync(outgoing, options)) {
        beat.heard();
        await this.#hear(response, beat);
      }
    } catch (error) {
      // A silent server ends it from this side; the reason says more than the transport's error does.
      throw ended.signal.aborted ? ended.signal.reason : error;
    } finally {
      this.#outgoing = undefined;
      outgoing.end();
      ended.abort();
    }
  }

  async #hear({ message }: SyncResponse, beat: Heartbeat): Promise<void> {
    switch (message.case) {
      case "welcome": {
        const { heartbeatMs, deadAfterMs } = message.value;
        beat.agree(heartbeatMs, deadAfterMs);
        this.#sequence ??= message.value.sequence;
        this.#listener.state?.("connected");
        return;
      }
      case "changes": {
        const { items, sequence } = message.value;
        try {
          await this.#listener.changes?.(items, sequence);
        } catch (cause) {
          throw new ListenerFailure(cause);
        }
        this.#acknowledge(sequence);
        return;
      }
      case "presence":
        return this.#listener.presence?.(message.value.peers);
      case "heartbeat":
        // Nothing of ours lies between: the place moves on, so that it does not grow too old.
        if (message.value.sequence > (this.#sequence ?? 0n)) this.#acknowledge(message.value.sequence);
        return;
      case undefined:
    }
  }

  #acknowledge(sequence: bigint): void {
    this.#sequence = sequence;
    this.#say({ case: "acknowledge", value: { sequence } });
  }

  /** Events this old are gone: from now on, and the rest is listed. */
  async #startAnew(signal: AbortSignal): Promise<void> {
    const media = createClient(MediaService, this.#deps.transport);
    const { sequence } = await media.getMedia({ ids: [] }, { signal, timeoutMs: CALL_TIMEOUT_MS });
    this.#sequence = sequence;
    try {
      await this.#listener.missed?.();
    } catch (cause) {
      throw new ListenerFailure(cause);
    }
  }

  #sayHello(): void {
    const { clientId, kind, label = "" } = this.#options;
    const media = this.#listener.changes !== undefined;
    const presence = this.#listener.presence !== undefined;
    const activity = this.#activity;
    const from = this.#sequence === undefined ? {} : { afterSequence: this.#sequence };
    this.#say({ case: "hello", value: { clientId, kind, label, media, presence, activity, ...from } });
  }

  #say(message: NonNullable<Message>): void {
    this.#outgoing?.put({ message });
  }
}

/** Speaks in silence, and ends the stream when the other side is silent for too long. */
class Heartbeat {
  readonly #clock: Clock;
  readonly #ended: AbortController;
  readonly #speak: () => void;
  #heardMs: number;
  #deadAfterMs = WELCOME_MS;

  constructor(clock: Clock, ended: AbortController, speak: () => void) {
    this.#clock = clock;
    this.#ended = ended;
    this.#speak = speak;
    this.#heardMs = clock.now();
    void this.#every(WELCOME_MS / 4, () => this.#listen());
  }

  heard(): void {
    this.#heardMs = this.#clock.now();
  }

  agree(heartbeatMs: number, deadAfterMs: number): void {
    this.#deadAfterMs = deadAfterMs;
    void this.#every(heartbeatMs, this.#speak);
  }

  #listen(): void {
    if (this.#clock.now() - this.#heardMs < this.#deadAfterMs) return;
    this.#ended.abort(
      new AppError("unavailable", "The server has been silent for too long.", { retry: "backoff" }),
    );
  }

  async #every(ms: number, act: () => void): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await this.#clock.sleep(ms, { signal }).catch(() => {});
      if (!signal.aborted) act();
    }
  }
}

/** What the listener threw is no failure of the connection. */
class ListenerFailure extends Error {
  constructor(cause: unknown) {
    super("The listener failed.", { cause });
  }
}

function rethrowListener(error: unknown): void {
  if (error instanceof ListenerFailure) throw error.cause;
}

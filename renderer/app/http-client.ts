import type {
  Answer,
  Channel,
  CoreClient,
  Response as CoreResponse,
  DropOptions,
  DroppedFile,
  EventName,
  EventPayload,
} from "#contracts/ipc.ts";
import { events, isEventName } from "#contracts/ipc.ts";
import { backoffMs } from "#kernel/backoff.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Random } from "#kernel/random.ts";
import { unwrap } from "./answers.ts";

/** The part of the browser's EventSource that this client uses. */
export interface EventSourceLike {
  addEventListener(name: string, listener: (event: { readonly data?: unknown }) => void): void;
  close(): void;
}

export interface HttpClientDeps {
  readonly fetch: typeof globalThis.fetch;
  readonly openEvents: (url: string) => EventSourceLike;
  readonly clock: Clock;
  readonly random: Random;
}

export interface HttpClientOptions {
  /** Where the daemon answers; ends with `/`. */
  readonly baseUrl: string;
  /** Dropped files on their way at once. @default 3 */
  readonly dropConcurrency?: number;
}

/** Silence of this many heartbeats counts as a lost connection. */
const MISSED_HEARTBEATS = 2.5;

/** The core behind the local daemon: calls as POST, events as a server-sent stream that is opened again by itself. */
export class HttpClient implements CoreClient {
  readonly drops = "contents" as const;
  readonly #deps: HttpClientDeps;
  readonly #baseUrl: string;
  readonly #dropConcurrency: number;
  readonly #listeners = new Map<EventName, Set<(payload: never) => void>>();
  readonly #stop = new AbortController();
  #connected: boolean | null = null;
  #sessionEnded: (() => void) | null = null;

  constructor(deps: HttpClientDeps, options: HttpClientOptions) {
    this.#deps = deps;
    this.#baseUrl = options.baseUrl;
    this.#dropConcurrency = options.dropConcurrency ?? 3;
  }

  /** Opens the event stream and keeps it open. `onSessionEnded`: the daemon knows this page no longer. */
  start(onSessionEnded: () => void): void {
    this.#sessionEnded = onSessionEnded;
    void this.#keepListening();
  }

  close(): void {
    this.#stop.abort();
  }

  async call<C extends Channel>(channel: C, request: unknown): Promise<CoreResponse<C>> {
    return this.#send<CoreResponse<C>>(`ipc/${channel}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
  }

  on<E extends EventName>(event: E, listener: (payload: EventPayload<E>) => void): () => void {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known);
    known.add(listener);
    return () => known.delete(listener);
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    if (this.#connected !== null) listener(this.#connected);
    return this.on("connection.changed", ({ connected }) => listener(connected));
  }

  async drop(files: readonly DroppedFile[], { signal, onProgress, ...mark }: DropOptions = {}) {
    const dropId = this.#deps.random.uuid();
    const waiting = files.values();
    let handedOver = 0;
    const failed = new AbortController();
    const stop = AbortSignal.any([failed.signal, this.#stop.signal, ...(signal ? [signal] : [])]);
    const carry = async () => {
      for (const { file, relativePath } of waiting) {
        stop.throwIfAborted();
        const path = relativePath.split("/").map(encodeURIComponent).join("/");
        await this.#send(`drop/${dropId}/${path}`, { method: "PUT", body: file, signal: stop });
        handedOver += 1;
        onProgress?.(handedOver);
      }
    };
    const carriers = Array.from({ length: Math.min(this.#dropConcurrency, files.length) }, () =>
      carry().catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    );
    const outcomes = await Promise.allSettled(carriers);
    if (outcomes.some(({ status }) => status === "rejected")) {
      await this.#send(`drop/${dropId}`, { method: "DELETE" }).catch(() => {});
      if (signal?.aborted) throw new AppError("aborted", "The import was cancelled.");
      throw AppError.from(failed.signal.reason);
    }
    return this.#send<{ readonly jobId: string }>(`drop/${dropId}/finish`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(mark),
    });
  }

  async #send<T>(path: string, init: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await this.#deps.fetch(this.#baseUrl + path, { credentials: "same-origin", ...init });
    } catch (error) {
      if (init.signal?.aborted) throw AppError.from(init.signal.reason, "aborted");
      throw new AppError("unavailable", "Platemark does not answer.", { retry: "backoff", cause: error });
    }
    const answer = (await response.json().catch(() => null)) as Answer<T> | null;
    if (response.status === 401) this.#sessionEnded?.();
    if (answer === null)
      throw new AppError("unavailable", `Platemark answered with status ${response.status}.`, {
        retry: "backoff",
      });
    return unwrap(answer);
  }

  async #keepListening(): Promise<void> {
    const { clock, random } = this.#deps;
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      if (await this.#listenOnce()) attempt = 0;
      if (signal.aborted) return;
      this.#say(false);
      // A stream says nothing about why it ended; a call does, and finds a session that has ended.
      await this.call("app.info", {}).catch(() => {});
      await clock
        .sleep(backoffMs(attempt + 1, random, { baseMs: 500, maxMs: 5_000 }), { signal })
        .catch(() => {});
    }
  }

  /** Resolves when the stream has ended or fallen silent: true when it had been heard. */
  #listenOnce(): Promise<boolean> {
    return new Promise((resolve) => {
      const source = this.#deps.openEvents(`${this.#baseUrl}events`);
      let heard = false;
      let heartbeatMs = 15_000;
      let watch = new AbortController();
      const end = () => {
        watch.abort();
        source.close();
        resolve(heard);
      };
      const alive = () => {
        watch.abort();
        watch = new AbortController();
        const { signal } = watch;
        this.#deps.clock.sleep(heartbeatMs * MISSED_HEARTBEATS, { signal }).then(end, () => {});
      };
      alive();
      this.#stop.signal.addEventListener("abort", end, { once: true });
      source.addEventListener("error", end);
      source.addEventListener("heartbeat", alive);
      source.addEventListener("hello", ({ data }) => {
        heard = true;
        heartbeatMs = (JSON.parse(String(data)) as { heartbeatMs: number }).heartbeatMs;
        alive();
        this.#say(true);
      });
      for (const name of Object.keys(events)) {
        if (!isEventName(name) || name === "connection.changed") continue;
        source.addEventListener(name, ({ data }) => {
          alive();
          this.#emit(name, JSON.parse(String(data)));
        });
      }
    });
  }

  #say(connected: boolean): void {
    this.#connected = connected;
    this.#emit("connection.changed", { connected });
  }

  #emit(event: EventName, payload: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(payload as never);
  }
}

import type { Answer, Channel } from "#contracts/ipc.ts";
import { type AppError, type ErrorBody, toErrorBody } from "#kernel/errors.ts";
import type { Asset, FromCore, SystemEvent, ToCore } from "./core-messages.ts";

/** What this file needs of an Electron `UtilityProcess`; `Port` is its transferable port. */
export interface CoreProcess<Port> {
  readonly pid: number | undefined;
  postMessage(message: ToCore, transfer?: Port[]): void;
  on(event: "message", listener: (message: FromCore) => void): unknown;
  on(event: "exit", listener: (code: number) => void): unknown;
  kill(): boolean;
}

export interface CoreConnectionEvents {
  ready(): void;
  event(message: Extract<FromCore, { type: "event" }>): void;
  child(message: Extract<FromCore, { type: "child.spawn" | "child.kill" }>): void;
  /** `error`: why it could not open, when it said so. */
  exited(code: number, error: ErrorBody | undefined): void;
}

type Pending = (answer: Answer<unknown>) => void;

/** One life of the core's process: calls by id, cancellation, and one answer for each whatever happens. */
export class CoreConnection<Port> {
  readonly #process: CoreProcess<Port>;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #gone: ErrorBody | undefined;

  constructor(process: CoreProcess<Port>, events: CoreConnectionEvents, whenGone: () => AppError) {
    this.#process = process;
    let failure: ErrorBody | undefined;
    process.on("message", (message) => {
      switch (message.type) {
        case "ready":
          return events.ready();
        case "failed":
          failure = message.error;
          return this.send({ type: "close" });
        case "answer":
        case "asset":
          return this.#settle(message.id, message.answer);
        case "event":
          return events.event(message);
        case "child.spawn":
        case "child.kill":
          return events.child(message);
      }
    });
    process.on("exit", (code) => {
      this.#gone = failure ?? toErrorBody(whenGone());
      for (const id of [...this.#pending.keys()]) this.#settle(id, { error: this.#gone });
      events.exited(code, failure);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Never rejects. After an abort the core is told, and its answer (usually `aborted`) is what comes back. */
  call(channel: Channel, request: unknown, signal: AbortSignal): Promise<Answer<unknown>> {
    return this.#ask((id) => ({ type: "call", id, channel, request }), signal);
  }

  asset(path: string, signal: AbortSignal): Promise<Answer<Asset | null>> {
    return this.#ask((id) => ({ type: "asset", id, path }), signal) as Promise<Answer<Asset | null>>;
  }

  send(message: Extract<ToCore, { type: "open" | "close" | "child.started" | "child.exited" }>, port?: Port) {
    if (!this.#gone) this.#process.postMessage(message, port === undefined ? [] : [port]);
  }

  tell(event: SystemEvent): void {
    if (!this.#gone) this.#process.postMessage({ type: "system", event });
  }

  kill(): void {
    this.#process.kill();
  }

  #ask(message: (id: number) => ToCore, signal: AbortSignal): Promise<Answer<unknown>> {
    if (this.#gone) return Promise.resolve({ error: this.#gone });
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const cancel = () => this.#process.postMessage({ type: "cancel", id });
      this.#pending.set(id, (answer) => {
        signal.removeEventListener("abort", cancel);
        resolve(answer);
      });
      this.#process.postMessage(message(id));
      if (signal.aborted) cancel();
      else signal.addEventListener("abort", cancel, { once: true });
    });
  }

  #settle(id: number, answer: Answer<unknown>): void {
    const settle = this.#pending.get(id);
    this.#pending.delete(id);
    settle?.(answer);
  }
}

import { EventEmitter } from "node:events";

/** Travels between the stand-in's main process and the utility processes that it forks. */
export type Wire =
  /** A message of `parentPort`; `ports` are the ids of the ports that came with it. */
  | { readonly kind: "message"; readonly data: unknown; readonly ports: readonly number[] }
  | { readonly kind: "port"; readonly id: number; readonly data: unknown };

/** One end of a channel: keeps messages until `start`, as Electron's `MessagePortMain` does. */
export class MessagePortMain extends EventEmitter {
  peer: MessagePortMain | undefined;
  /** Set once the port has been given to another process: where its messages go from then on. */
  away: ((data: unknown) => void) | undefined;
  readonly #early: unknown[] = [];
  #started = false;

  postMessage(data: unknown): void {
    this.peer?.deliver(structuredClone(data));
  }

  deliver(data: unknown): void {
    if (this.away) this.away(data);
    else if (this.#started) setImmediate(() => this.emit("message", { data, ports: [] }));
    else this.#early.push(data);
  }

  start(): void {
    this.#started = true;
    for (const data of this.#early.splice(0)) this.deliver(data);
  }

  /** Gives the port away, with what has come for it already. */
  transfer(away: (data: unknown) => void): void {
    this.away = away;
    for (const data of this.#early.splice(0)) away(data);
  }

  close(): void {
    const peer = this.peer;
    this.peer = undefined;
    if (peer) {
      peer.peer = undefined;
      setImmediate(() => peer.emit("close"));
    }
  }
}

export class MessageChannelMain {
  readonly port1 = new MessagePortMain();
  readonly port2 = new MessagePortMain();

  constructor() {
    this.port1.peer = this.port2;
    this.port2.peer = this.port1;
  }
}

import { EventEmitter } from "node:events";
import { isMainThread } from "node:worker_threads";
import { MessageChannelMain, type MessagePortMain, type Wire } from "./message-ports.ts";

/** Runs first in every utility process of the stand-in: gives it Electron's `process.parentPort`, takes Node's away. */
class ParentPort extends EventEmitter {
  readonly #send: (wire: Wire) => void;
  readonly #early: unknown[] = [];

  constructor(send: (wire: Wire) => void) {
    super();
    this.#send = send;
    this.on("newListener", (name) => {
      if (name !== "message") return;
      setImmediate(() => {
        for (const event of this.#early.splice(0)) this.emit("message", event);
      });
    });
  }

  /** Messages wait until somebody listens. */
  receive(event: unknown): void {
    if (this.listenerCount("message") === 0) this.#early.push(event);
    else this.emit("message", event);
  }

  postMessage(data: unknown): void {
    this.#send({ kind: "message", data, ports: [] });
  }
}

function install(send: (wire: Wire) => void): void {
  const parentPort = new ParentPort(send);
  const inward = new Map<number, MessagePortMain>();
  process.on("message", (wire: Wire) => {
    if (wire.kind === "port") return void inward.get(wire.id)?.postMessage(wire.data);
    const ports = wire.ports.map((id) => {
      const { port1, port2 } = new MessageChannelMain();
      inward.set(id, port1);
      port1.transfer((data) => send({ kind: "port", id, data }));
      return port2;
    });
    parentPort.receive({ data: wire.data, ports });
  });
  process.on("disconnect", () => process.exit(1));
  Object.defineProperties(process, {
    parentPort: { value: parentPort },
    type: { value: "utility" },
    send: { value: undefined },
  });
}

// Threads of such a process start with the same module, and have no parent port in Electron either.
if (isMainThread) install(process.send!.bind(process) as (wire: Wire) => void);

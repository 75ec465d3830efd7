import { EventEmitter } from "node:events";
import { MessageChannelMain, type MessagePortMain, type Wire } from "./message-ports.ts";

/** Runs first in every utility process of the stand-in: gives it Electron's `process.parentPort`, takes Node's away. */
const send = process.send!.bind(process);
const inward = new Map<number, MessagePortMain>();

class ParentPort extends EventEmitter {
  readonly #early: unknown[] = [];

  constructor() {
    super();
    this.on("newListener", (event) => {
      if (event === "message")
        setImmediate(() => this.#early.splice(0).map((event) => this.emit("message", event)));
    });
  }

  receive(event: unknown): void {
    if (this.listenerCount("message") === 0) this.#early.push(event);
    else this.emit("message", event);
  }

  postMessage(data: unknown): void {
    send({ kind: "message", data, ports: [] } satisfies Wire);
  }
}

const parentPort = new ParentPort();
process.on("message", (wire: Wire) => {
  if (wire.kind === "port") return void inward.get(wire.id)?.postMessage(wire.data);
  const ports = wire.ports.map((id) => {
    const { port1, port2 } = new MessageChannelMain();
    inward.set(id, port1);
    port1.transfer((data) => send({ kind: "port", id, data } satisfies Wire));
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

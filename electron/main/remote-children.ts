import type { ChildProcessHandle, SpawnChild } from "../../studio/ports/child-process.ts";
import type { FromCore } from "./core-messages.ts";

/** The core's end of the channel to one child: a MessagePortMain. */
export interface ChildPort {
  on(event: "message", listener: (event: { readonly data: unknown }) => void): unknown;
  postMessage(message: unknown): void;
  start(): void;
  close(): void;
}

interface RemoteChild {
  port: ChildPort | undefined;
  pid: number | undefined;
  /** What the core said before the child was there. */
  readonly early: unknown[];
  readonly onMessage: ((message: unknown) => void)[];
  readonly onExit: ((code: number | null) => void)[];
}

/**
 * The children of the core. Only the main process can start utility processes, so it is asked to; afterwards core and
 * child talk over a channel of their own.
 */
export class RemoteChildren {
  readonly #children = new Map<number, RemoteChild>();
  readonly #post: (message: FromCore) => void;
  #lastId = 0;

  constructor(post: (message: FromCore) => void) {
    this.#post = post;
  }

  readonly spawn: SpawnChild = (entry) => {
    const id = ++this.#lastId;
    const child: RemoteChild = { port: undefined, pid: undefined, early: [], onMessage: [], onExit: [] };
    this.#children.set(id, child);
    this.#post({ type: "child.spawn", id, entry });
    const handle: ChildProcessHandle = {
      get pid() {
        return child.pid;
      },
      postMessage: (message) => {
        if (child.port) child.port.postMessage(message);
        else child.early.push(message);
      },
      onMessage: (listener) => void child.onMessage.push(listener),
      onExit: (listener) => void child.onExit.push(listener),
      kill: () => this.#post({ type: "child.kill", id }),
    };
    return handle;
  };

  started(id: number, pid: number | undefined, port: ChildPort | undefined): void {
    const child = this.#children.get(id);
    if (!child || !port) return;
    child.pid = pid;
    child.port = port;
    port.on("message", ({ data }) => {
      for (const listener of child.onMessage) listener(data);
    });
    port.start();
    for (const message of child.early.splice(0)) port.postMessage(message);
  }

  exited(id: number, code: number | null): void {
    const child = this.#children.get(id);
    if (!child) return;
    this.#children.delete(id);
    child.port?.close();
    for (const listener of child.onExit) listener(code);
  }
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { WindowCore } from "#contracts/ipc.ts";

export interface EventStreamOptions {
  /** Milliseconds between signs of life. @default 15_000 */
  readonly heartbeatMs?: number;
  /** Bytes that may wait for a slow window before its stream is cut; it comes back and asks anew. @default 4 MiB */
  readonly maxWaitingBytes?: number;
}

/**
 * Core events as server-sent events. A stream starts with `hello`; a window that hears `hello` asks for everything it
 * shows, so that nothing missed between two streams stays wrong.
 */
export class EventStream {
  readonly #core: WindowCore;
  readonly #heartbeatMs: number;
  readonly #maxWaitingBytes: number;
  readonly #open = new Set<ServerResponse>();

  constructor(core: WindowCore, options: EventStreamOptions = {}) {
    this.#core = core;
    this.#heartbeatMs = options.heartbeatMs ?? 15_000;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? 4 * 1024 * 1024;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
    });
    const write = (text: string) => {
      response.write(text);
      if (response.writableLength > this.#maxWaitingBytes) response.destroy();
    };
    write(`retry: 1000\nevent: hello\ndata: {"heartbeatMs":${this.#heartbeatMs}}\n\n`);
    const heartbeat = setInterval(() => write("event: heartbeat\ndata: {}\n\n"), this.#heartbeatMs);
    const unsubscribe = this.#core.subscribe((event, payload) =>
      write(`event: ${event}\ndata: ${JSON.stringify(payload)}\n\n`),
    );
    this.#open.add(response);
    const end = () => {
      clearInterval(heartbeat);
      unsubscribe();
      this.#open.delete(response);
    };
    response.once("close", end);
    request.once("error", end);
  }

  close(): void {
    for (const response of this.#open) response.end();
  }
}

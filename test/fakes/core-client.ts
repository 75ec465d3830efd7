import type { Channel, CoreClient, EventName, EventPayload, Response, WindowCore } from "#contracts/ipc.ts";
import { channels } from "#contracts/ipc.ts";

/** A window's client straight on a core, with no transport between. Calls are answered a turn later. */
export class DirectClient implements CoreClient {
  readonly drops = "paths" as const;
  readonly #core: WindowCore;
  readonly #connection = new Set<(connected: boolean) => void>();

  constructor(core: WindowCore) {
    this.#core = core;
  }

  async call<C extends Channel>(channel: C, request: unknown): Promise<Response<C>> {
    const handler = this.#core.handlers[channel] as (request: unknown, context: object) => Promise<unknown>;
    const parsed = channels[channel].request.parse(request);
    return (await handler(parsed, { signal: new AbortController().signal })) as Response<C>;
  }

  on<E extends EventName>(event: E, listener: (payload: EventPayload<E>) => void): () => void {
    return this.#core.subscribe((name, payload) => {
      if ((name as EventName) === event) listener(payload as unknown as EventPayload<E>);
    });
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.#connection.add(listener);
    return () => this.#connection.delete(listener);
  }

  connect(connected: boolean): void {
    for (const listener of this.#connection) listener(connected);
  }

  async drop(): Promise<{ readonly jobId: string }> {
    return this.call("import.samples", {});
  }
}

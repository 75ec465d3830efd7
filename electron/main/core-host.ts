import type { Channel, WindowCore } from "#contracts/ipc.ts";
import type { Settings } from "#contracts/settings.ts";
import { throwIfAborted } from "#kernel/cancellation.ts";
import { AppError, toErrorBody } from "#kernel/errors.ts";
import type { SpawnChild } from "../../studio/ports/child-process.ts";
import type { FromCore, SystemEvent, ToCore } from "./core-messages.ts";
import { type ChildPort, RemoteChildren } from "./remote-children.ts";

/** The core's end of the way to the main process. */
export interface HostPort {
  post(message: FromCore): void;
  onMessage(listener: (message: ToCore, ports: readonly ChildPort[]) => void): void;
}

export interface OpenedCore extends AsyncDisposable {
  readonly core: WindowCore;
  /** The machine slept, woke, lost or found its network. */
  readonly onSystemEvent: (event: SystemEvent) => void;
}

export interface OpenContext {
  readonly spawnChild: SpawnChild;
  /** Fires when the program is closed meanwhile. */
  readonly signal: AbortSignal;
  /** What the opening waits for (a server that does not answer, for example), and `null` when it goes on. */
  readonly onTrouble: (error: AppError | null) => void;
}

export interface CoreHostDeps {
  readonly port: HostPort;
  readonly open: (settings: Settings, context: OpenContext) => Promise<OpenedCore>;
  /** Ends this process. */
  readonly exit: (code: number) => void;
}

/**
 * Serves one core to the main process. Calls that come before the core is open wait for it, unless it waits for
 * something itself; then they fail with what that is. Ends after `close`.
 */
export function hostCore({ port, open, exit }: CoreHostDeps): void {
  const children = new RemoteChildren((message) => port.post(message));
  const running = new Map<number, AbortController>();
  const closing = new AbortController();
  let opened: Promise<OpenedCore> | undefined;
  let core: WindowCore | undefined;
  let trouble = neverResolved();

  const onTrouble = (error: AppError | null) => {
    if (error) trouble.reject(error);
    else trouble = neverResolved();
  };
  const start = async (settings: Settings): Promise<void> => {
    opened = open(settings, { spawnChild: children.spawn, signal: closing.signal, onTrouble });
    try {
      ({ core } = await opened);
      core.subscribe((event, payload) => port.post({ type: "event", event, payload }));
      port.post({ type: "ready" });
    } catch (error) {
      // The main process answers with `close`: a process that ended by itself could take its last words with it.
      port.post({ type: "failed", error: toErrorBody(error) });
    }
  };

  const close = async (): Promise<void> => {
    const reason = new AppError("aborted", "Platemark is closing.");
    closing.abort(reason);
    for (const controller of running.values()) controller.abort(reason);
    const open = await opened?.catch(() => undefined);
    try {
      await open?.[Symbol.asyncDispose]();
    } finally {
      exit(0);
    }
  };

  /** Runs one request with a signal that `cancel` fires. */
  const run = async <T>(id: number, work: (core: WindowCore, signal: AbortSignal) => Promise<T>) => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      if (!opened) throw new AppError("unavailable", "Platemark is starting.", { retry: "backoff" });
      const ready = core ?? (await Promise.race([opened, trouble.promise])).core;
      throwIfAborted(controller.signal);
      return { ok: await work(ready, controller.signal) };
    } catch (error) {
      return { error: toErrorBody(error) };
    } finally {
      running.delete(id);
    }
  };

  port.onMessage((message, ports) => {
    switch (message.type) {
      case "open":
        void start(message.settings);
        return;
      case "call": {
        const { id, channel, request } = message;
        void run(id, (core, signal) => handlerOf(core, channel)(request, { signal })).then((answer) =>
          port.post({ type: "answer", id, answer }),
        );
        return;
      }
      case "asset": {
        const { id, path } = message;
        void run(id, (core, signal) => core.asset(path, { signal })).then((answer) =>
          port.post({ type: "asset", id, answer }),
        );
        return;
      }
      case "cancel":
        running.get(message.id)?.abort();
        return;
      case "system":
        void opened?.then(
          ({ onSystemEvent }) => onSystemEvent(message.event),
          () => {},
        );
        return;
      case "child.started":
        children.started(message.id, message.pid ?? undefined, ports[0]);
        return;
      case "child.exited":
        children.exited(message.id, message.code);
        return;
      case "close":
        void close();
    }
  });
}

function neverResolved(): PromiseWithResolvers<never> {
  const promise = Promise.withResolvers<never>();
  promise.promise.catch(() => {});
  return promise;
}

type AnyHandler = (request: unknown, context: { readonly signal: AbortSignal }) => Promise<unknown>;

/** The main process has checked the request against the channel's schema. */
function handlerOf(core: WindowCore, channel: Channel): AnyHandler {
  return core.handlers[channel] as AnyHandler;
}

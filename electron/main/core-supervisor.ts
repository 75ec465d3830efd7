import type { Answer, Channel } from "#contracts/ipc.ts";
import type { Settings } from "#contracts/settings.ts";
import { backoffMs } from "#kernel/backoff.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError, type ErrorBody, toErrorBody } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { ChildEntry } from "../../studio/ports/child-process.ts";
import { AssetGate } from "./asset-gate.ts";
import { CoreConnection, type CoreProcess } from "./core-connection.ts";
import type { Asset, FromCore, SystemEvent } from "./core-messages.ts";

/** A child of the core, as far as the main process cares. */
export interface CoreChild<Port> {
  readonly pid: number | undefined;
  /** The core's end of the channel to it. */
  readonly port: Port;
  onSpawn(listener: () => void): void;
  onExit(listener: (code: number) => void): void;
  kill(): void;
}

export interface CoreSupervisorDeps<Port> {
  readonly forkCore: () => CoreProcess<Port>;
  readonly forkChild: (entry: ChildEntry) => CoreChild<Port>;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly onEvent: (message: Extract<FromCore, { type: "event" }>) => void;
  /** `false` while no core answers. Called on changes only. */
  readonly onConnection: (connected: boolean) => void;
}

/** A core that lived this long is taken for healthy: the next crash starts again with the shortest wait. */
const HEALTHY_AFTER_MS = 60_000;
const CLOSE_WITHIN_MS = 15_000;

/**
 * Keeps one core running: starts its process and its children's, starts it again with backoff when it dies, and answers
 * for it meanwhile with `unavailable` (or with the reason that it gave, for example `home.locked`).
 */
export class CoreSupervisor<Port> {
  readonly #deps: CoreSupervisorDeps<Port>;
  readonly #assets = new AssetGate();
  readonly #stop = new AbortController();
  #connection: CoreConnection<Port> | undefined;
  #connected = false;
  #why: ErrorBody = toErrorBody(notThere());
  #crashes = 0;
  #exited: Promise<void> = Promise.resolve();

  constructor(deps: CoreSupervisorDeps<Port>) {
    this.#deps = deps;
  }

  get connected(): boolean {
    return this.#connected;
  }

  start(): void {
    const { clock, logger } = this.#deps;
    const startedAt = clock.now();
    const children = new Map<number, CoreChild<Port>>();
    const exited = Promise.withResolvers<void>();
    this.#exited = exited.promise;
    const connection: CoreConnection<Port> = new CoreConnection(
      this.#deps.forkCore(),
      {
        ready: () => {
          logger.info("core.ready", { pid: connection.pid });
          this.#setConnected(true);
        },
        event: (message) => this.#deps.onEvent(message),
        child: (message) => {
          if (message.type === "child.spawn") this.#spawnChild(connection, children, message);
          else children.get(message.id)?.kill();
        },
        exited: (code, error) => {
          for (const child of children.values()) child.kill();
          exited.resolve();
          this.#connection = undefined;
          this.#why = error ?? toErrorBody(notThere());
          this.#setConnected(false);
          if (this.#stop.signal.aborted) return;
          logger.error("core.exited", { code, error });
          if (clock.now() - startedAt > HEALTHY_AFTER_MS) this.#crashes = 0;
          void this.#restart();
        },
      },
      notThere,
    );
    this.#connection = connection;
    connection.send({ type: "open", settings: this.#deps.settings });
  }

  /** Never rejects. Waits while the core opens, answers with an error at once while there is none. */
  call(channel: Channel, request: unknown, signal: AbortSignal): Promise<Answer<unknown>> {
    if (this.#stop.signal.aborted)
      return Promise.resolve({ error: { code: "unavailable", message: "Platemark is closing." } });
    return this.#connection?.call(channel, request, signal) ?? Promise.resolve({ error: this.#why });
  }

  /** A thumbnail or preview; `null`: there is none. @throws AppError `unavailable`, `aborted`, `resource_exhausted` */
  asset(path: string, signal: AbortSignal): Promise<Asset | null> {
    return this.#assets.run(signal, async () => {
      const answer = (await this.#connection?.asset(path, signal)) ?? { error: this.#why };
      if ("error" in answer) throw new AppError(answer.error.code, answer.error.message);
      return answer.ok;
    });
  }

  tell(event: SystemEvent): void {
    this.#connection?.tell(event);
  }

  /** Closes the core and waits until it has ended, {@link CLOSE_WITHIN_MS} at most; then it is killed. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort(new AppError("aborted", "Platemark is closing."));
    const connection = this.#connection;
    if (!connection) return;
    connection.send({ type: "close" });
    const waited = new AbortController();
    const tooLate = this.#deps.clock.sleep(CLOSE_WITHIN_MS, { signal: waited.signal }).then(
      () => true,
      () => false,
    );
    if (await Promise.race([this.#exited.then(() => false), tooLate])) {
      this.#deps.logger.warn("core.close_timed_out", { ms: CLOSE_WITHIN_MS });
      connection.kill();
      await this.#exited;
    }
    waited.abort();
  }

  async #restart(): Promise<void> {
    const { clock, random } = this.#deps;
    this.#crashes += 1;
    try {
      await clock.sleep(backoffMs(this.#crashes, random), { signal: this.#stop.signal });
    } catch {
      return; // Closing.
    }
    this.start();
  }

  #spawnChild(
    connection: CoreConnection<Port>,
    children: Map<number, CoreChild<Port>>,
    { id, entry }: Extract<FromCore, { type: "child.spawn" }>,
  ): void {
    const child = this.#deps.forkChild(entry);
    children.set(id, child);
    child.onSpawn(() => connection.send({ type: "child.started", id, pid: child.pid ?? null }, child.port));
    child.onExit((code) => {
      children.delete(id);
      connection.send({ type: "child.exited", id, code });
    });
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    this.#deps.onConnection(connected);
  }
}

function notThere(): AppError {
  return new AppError("unavailable", "Platemark's engine stopped and is being started again.", {
    retry: "backoff",
  });
}

import { MEDIA_STATES, type MediaState } from "#contracts/media-state.ts";
import { backoffMs } from "#kernel/backoff.ts";
import { abortReason } from "#kernel/cancellation.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError, isErrorCode } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { WorkerSettings } from "./connection-settings.ts";

/** A worker process, as `studio/ports/child-process.ts` describes it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  postMessage(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onExit(listener: (code: number | null) => void): void;
  /** The first call asks it to end, a second one insists. */
  kill(): void;
}

/** What worker processes tell of themselves. */
export interface WorkerReports {
  /** So many pictures have come into this state. */
  pictures(state: MediaState, count: number): void;
  /** A process has ended, whatever for. */
  ended(): void;
}

export interface SupervisorDeps {
  readonly spawn: () => WorkerProcess;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** @default nobody */
  readonly reports?: WorkerReports;
}

export interface SupervisorOptions {
  readonly settings: WorkerSettings;
  /** Processes. @default 1 */
  readonly workers?: number;
  /** How long one may take to say that it is ready. Milliseconds. @default 30_000 */
  readonly readyMs?: number;
  /** How long one may take to end when told to stop, before it is killed. Milliseconds. @default 10_000 */
  readonly stopMs?: number;
}

/** A worker that ran this long was well: its next failure counts as the first. */
const WELL_AFTER_MS = 60_000;

/** Keeps worker processes running: a dead one is started again, with growing pauses while it keeps dying. Its jobs come
 *  back to the queue by their leases. */
export class WorkerSupervisor implements AsyncDisposable {
  readonly #deps: SupervisorDeps;
  readonly #options: SupervisorOptions;
  readonly #stop = new AbortController();
  #lanes: readonly Promise<void>[] = [];

  constructor(deps: SupervisorDeps, options: SupervisorOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Resolves when each worker is ready for the first time. @throws AppError `unavailable` when one fails before that;
   *  none is left running then. */
  async start(): Promise<void> {
    const count = this.#options.workers ?? 1;
    const first = Array.from({ length: count }, () => Promise.withResolvers<void>());
    this.#lanes = first.map((ready) => this.#keep(ready));
    try {
      await Promise.all(first.map(({ promise }) => promise));
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Tells the workers to finish what they hold, and waits until they have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new AppError("aborted", "The workers are being stopped."));
    await Promise.all(this.#lanes);
  }

  async #keep(first: PromiseWithResolvers<void>): Promise<void> {
    const { clock, random, logger } = this.#deps;
    const { signal } = this.#stop;
    let failures = 0;
    first.promise.catch(() => {});
    while (!signal.aborted) {
      const startedMs = clock.now();
      try {
        const code = await this.#live(() => first.resolve());
        if (signal.aborted) return;
        if (clock.now() - startedMs >= WELL_AFTER_MS) failures = 0;
        logger.warn("worker.exited", { code });
      } catch (error) {
        const failure = AppError.from(error);
        first.reject(failure);
        if (signal.aborted) return;
        logger.error("worker.failed", { code: failure.code, reason: failure.message });
      }
      failures++;
      await clock.sleep(backoffMs(failures, random), { signal }).catch(() => {});
    }
    first.reject(abortReason(signal));
  }

  /** One process from start to end; answers its exit code. */
  async #live(onReady: () => void): Promise<number | null> {
    const { clock, logger, spawn, reports } = this.#deps;
    const { settings, readyMs = 30_000, stopMs = 10_000 } = this.#options;
    const { signal } = this.#stop;
    const child = spawn();
    const exited = Promise.withResolvers<number | null>();
    const ready = Promise.withResolvers<void>();
    const ended = new AbortController();
    child.onExit((code) => {
      reports?.ended();
      ended.abort();
      exited.resolve(code);
      ready.reject(new AppError("unavailable", `A worker ended with ${code} before it was ready.`));
    });
    child.onMessage((message) => {
      if (isTyped(message, "ready")) ready.resolve();
      else if (isTyped(message, "error")) ready.reject(workerError(message));
      else if (isTyped(message, "pictures") && reports) tellCounts(message, reports);
    });
    let asked = false;
    const stop = () => {
      if (asked) return;
      asked = true;
      child.kill();
      clock.sleep(stopMs, { signal: ended.signal }).then(
        () => child.kill(),
        () => {},
      );
    };
    signal.addEventListener("abort", stop, { once: true });
    clock.sleep(readyMs, { signal: ended.signal }).then(
      () => ready.reject(new AppError("unavailable", "A worker did not become ready in time.")),
      () => {},
    );
    try {
      child.postMessage({ type: "start", settings });
      await ready.promise;
      logger.info("worker.ready", { pid: child.pid });
      onReady();
      return await exited.promise;
    } catch (error) {
      stop();
      await exited.promise;
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

function isTyped<T extends string>(
  message: unknown,
  type: T,
): message is { readonly type: T; readonly error?: unknown; readonly counts?: unknown } {
  return typeof message === "object" && message !== null && (message as { type?: unknown }).type === type;
}

function tellCounts({ counts }: { readonly counts?: unknown }, reports: WorkerReports): void {
  for (const state of MEDIA_STATES) {
    const count: unknown = Reflect.get(Object(counts), state);
    if (typeof count === "number") reports.pictures(state, count);
  }
}

/** Why a worker could not start, in its own words. */
function workerError({ error }: { readonly error?: unknown }): AppError {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return new AppError(
    typeof code === "string" && isErrorCode(code) ? code : "unavailable",
    typeof message === "string" ? message : "A worker cannot start.",
  );
}

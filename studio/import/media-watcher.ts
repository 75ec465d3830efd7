import { backoffMs } from "#kernel/backoff.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { RetryDeps } from "#upload/retry.ts";
import type { ControlPlane, RemoteMedia } from "../control-plane/control-plane.ts";

/** A stream that says nothing for so long, not even a heartbeat, is taken for dead. Milliseconds. */
const SILENCE_MS = 90_000;
/** Latest news kept for answers that are overtaken by them. */
const RECENT = 2_000;

export interface MediaWatcherDeps extends RetryDeps {
  readonly controlPlane: ControlPlane;
  readonly logger: Logger;
}

export interface MediaListener {
  /** News in order; the next comes when this has resolved. */
  onMedia(items: readonly RemoteMedia[]): Promise<void>;
  /** The stream was broken and is there again: what was missed must be asked for. */
  onReconnect(): void;
}

/** Follows the server's stream of changes from now on, through lost connections. */
export class MediaWatcher implements AsyncDisposable {
  readonly #deps: MediaWatcherDeps;
  readonly #listener: MediaListener;
  readonly #stop = new AbortController();
  readonly #recent = new Map<string, RemoteMedia>();
  #running: Promise<void> = Promise.resolve();

  constructor(deps: MediaWatcherDeps, listener: MediaListener) {
    this.#deps = deps;
    this.#listener = listener;
  }

  /** Resolves when the place in the stream is known: nothing that happens after it is missed.
   *  @throws AppError when the server does not answer or refuses. */
  async start({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { sequence } = await this.#deps.controlPlane.media([], { signal });
    this.#running = this.#follow(sequence);
  }

  /** The latest news of a picture, when there was any of late. */
  recent(mediaId: string): RemoteMedia | undefined {
    return this.#recent.get(mediaId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #follow(sequence: bigint): Promise<void> {
    const { clock, controlPlane, logger, random } = this.#deps;
    const { signal } = this.#stop;
    for (let attempt = 0, after = sequence; !signal.aborted; ) {
      const watchdog = new Watchdog(SILENCE_MS);
      try {
        const stream = controlPlane.watch(after, { signal: AbortSignal.any([signal, watchdog.signal]) });
        for await (const { items, sequence: current } of stream) {
          watchdog.feed();
          if (attempt > 0) this.#listener.onReconnect();
          attempt = 0;
          if (items.length > 0) {
            this.#remember(items);
            await this.#listener.onMedia(items);
          }
          if (current > after) after = current;
        }
      } catch (error) {
        const { code } = AppError.from(error);
        if (!signal.aborted) logger.info("watch.interrupted", { code });
        // What was missed is not kept any more: the place in the stream is asked for anew, and then what is open.
        if (code === "not_found") after = await this.#latest(after);
      } finally {
        watchdog.end();
      }
      attempt++;
      await clock.sleep(backoffMs(attempt, random, { maxMs: 10_000 }), { signal }).catch(() => {});
    }
  }

  /** Where the stream is now; `known` when the server does not say. */
  async #latest(known: bigint): Promise<bigint> {
    const answer = await this.#deps.controlPlane.media([], { signal: this.#stop.signal }).catch(() => null);
    return answer?.sequence ?? known;
  }

  #remember(items: readonly RemoteMedia[]): void {
    for (const media of items) {
      this.#recent.delete(media.id);
      this.#recent.set(media.id, media);
    }
    for (const id of this.#recent.keys()) {
      if (this.#recent.size <= RECENT) break;
      this.#recent.delete(id);
    }
  }
}

/** Aborts its signal when it has not been fed for a time. */
class Watchdog {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(silenceMs: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), silenceMs);
    this.#timer.unref();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  feed(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

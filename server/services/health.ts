import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { MediaRepository } from "./ports/media-repository.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { Queue } from "./ports/queue.ts";
import { MULTIPART_THRESHOLD } from "./upload-ticket.ts";

export interface HealthDeps {
  readonly repository: MediaRepository;
  readonly store: ObjectStore;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly cleanup: { readonly trouble: string };
}

export interface ComponentReport {
  readonly name: "store" | "database" | "queue" | "snapshots";
  readonly serving: boolean;
  /** Empty when all is well. */
  readonly message: string;
}

export interface HealthReport {
  /** Whether it can do its work; a clean-up that fails is told, and keeps nobody from working. */
  readonly serving: boolean;
  readonly serverId: string;
  readonly version: string;
  readonly nowMs: number;
  readonly multipartThreshold: number;
  readonly components: readonly ComponentReport[];
}

/** Components are asked at most this often, however many look. */
const FRESH_MS = 1_000;
const PATIENCE_MS = 3_000;
/** Need not exist: what counts is that the store answers. */
const PROBE_KEY = "raw/.probe";

/** Whether this server can do its work, by asking the parts it stands on. */
export class Health {
  readonly #deps: HealthDeps;
  readonly #options: { readonly serverId: string; readonly version: string };
  #asked: { readonly atMs: number; readonly components: Promise<readonly ComponentReport[]> } | null = null;

  constructor(deps: HealthDeps, options: { readonly serverId: string; readonly version: string }) {
    this.#deps = deps;
    this.#options = options;
  }

  async check(options: { readonly signal?: AbortSignal } = {}): Promise<HealthReport> {
    options.signal?.throwIfAborted();
    const nowMs = this.#deps.clock.now();
    if (!this.#asked || nowMs - this.#asked.atMs >= FRESH_MS)
      this.#asked = { atMs: nowMs, components: this.#ask() };
    const needed = await this.#asked.components;
    const { trouble } = this.#deps.cleanup;
    return {
      ...this.#options,
      serving: needed.every(({ serving }) => serving),
      nowMs: this.#deps.clock.now(),
      multipartThreshold: MULTIPART_THRESHOLD,
      components: [...needed, { name: "snapshots", serving: trouble === "", message: trouble }],
    };
  }

  #ask(): Promise<readonly ComponentReport[]> {
    const { repository, store, queue } = this.#deps;
    return Promise.all([
      this.#probe("store", (signal) => store.head(PROBE_KEY, { signal })),
      this.#probe("database", () => repository.lastSequence()),
      this.#probe("queue", () => queue.stats()),
    ]);
  }

  async #probe(
    name: ComponentReport["name"],
    ask: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<ComponentReport> {
    const answered = new AbortController();
    const late = this.#deps.clock.sleep(PATIENCE_MS, { signal: answered.signal }).then(() => {
      throw new AppError("deadline_exceeded", `The ${name} does not answer.`, { retry: "backoff" });
    });
    try {
      await Promise.race([ask(answered.signal), late]);
      return { name, serving: true, message: "" };
    } catch (error) {
      return { name, serving: false, message: AppError.from(error).message };
    } finally {
      answered.abort();
      late.catch(() => {});
    }
  }
}

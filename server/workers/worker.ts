import { markJobSchema } from "#contracts/mark-job.ts";
import { ByteBudget } from "#kernel/byte-budget.ts";
import { AppError } from "#kernel/errors.ts";
import { SharedBuffers } from "#kernel/shared-buffers.ts";
import type { Lease } from "../services/ports/queue.ts";
import { type MarkWorkerDeps, runJob, type WorkerHoldings } from "./job-run.ts";
import { failBuriedJobs } from "./media-outcome.ts";
import { PinnedTemplates } from "./pinned-templates.ts";

export interface MarkWorkerOptions {
  /** Pictures marked at once. As many again may be on their way from or to the store, small ones by their size. */
  readonly concurrency: number;
  /** Originals and their successors held in memory at once, in bytes. */
  readonly originalsBudgetBytes: number;
  /** How long a job belongs to a worker that is silent; it is renewed in a third of this. @default 20_000 */
  readonly visibilityMs?: number;
  /** How long a stop waits for pictures in hand before it gives them back. @default 8_000 */
  readonly graceMs?: number;
  /** How long a job waits when the store is away, at most; half of it at least. @default 5_000 */
  readonly awayDelayMs?: number;
}

export interface MarkWorker extends AsyncDisposable {
  start(): void;
}

/** Originals of at least so many bytes take a whole place among those in hand; the smallest take an eighth. Then many
 *  tiny pictures share each write to the database, of which every one waits for the disk. */
const WHOLE_PLACE_BYTES = 1024 * 1024;
const SMALLEST_PLACE = 1 / 8;
/** Memory of pictures that waits for the next ones. */
const KEPT_BYTES = 64 * 1024 * 1024;
const TAKE_WAIT_MS = 5_000;
const FAULT_PAUSE_MS = 1_000;
const BURIED_LOOK_MS = 60_000;

/** Takes mark jobs from the queue until it is disposed: finishes what it has in hand, or gives it back. */
export function createMarkWorker(deps: MarkWorkerDeps, options: MarkWorkerOptions): MarkWorker {
  return new Worker(deps, options);
}

class Worker implements MarkWorker {
  readonly #deps: MarkWorkerDeps;
  readonly #options: Required<MarkWorkerOptions>;
  readonly #holdings: WorkerHoldings;
  /** Ends taking. */
  readonly #stop = new AbortController();
  /** Resolves when a job in hand ends, or taking does. Each wait has its own: what waits for one promise that lives as
   *  long as the worker is kept as long. */
  #change = Promise.withResolvers<void>();
  /** Ends the work in hand. */
  readonly #abandon = new AbortController();
  readonly #inHand = new Set<Promise<void>>();
  /** Places that those in hand take. */
  #taken = 0;
  /** What the jobs of the latest delivery took, each: the next are likely to be of their kind. */
  #usualPlace = 1;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(deps: MarkWorkerDeps, options: MarkWorkerOptions) {
    this.#deps = deps;
    this.#options = { visibilityMs: 20_000, graceMs: 8_000, awayDelayMs: 5_000, ...options };
    this.#holdings = {
      originals: new ByteBudget(options.originalsBudgetBytes),
      buffers: new SharedBuffers(KEPT_BYTES),
      templates: new PinnedTemplates(deps.templates),
      awayDelayMs: this.#options.awayDelayMs,
    };
    this.#stop.signal.addEventListener("abort", () => this.#changed(), { once: true });
  }

  start(): void {
    this.#loops = Promise.all([this.#takeJobs(), this.#watchBuried()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loops;
    const grace = new AbortController();
    const late = this.#deps.clock.sleep(this.#options.graceMs, { signal: grace.signal }).then(
      () => this.#abandon.abort(),
      () => undefined,
    );
    await Promise.all(this.#inHand);
    grace.abort();
    await late;
  }

  async #takeJobs(): Promise<void> {
    const { queue, logger, clock } = this.#deps;
    const { signal } = this.#stop;
    const most = this.#options.concurrency * 2;
    while (!signal.aborted) {
      if (this.#taken > most - this.#usualPlace) {
        await this.#change.promise;
        continue;
      }
      try {
        const free = Math.max(1, Math.floor((most - this.#taken) / this.#usualPlace));
        const { visibilityMs } = this.#options;
        const leases = await queue.take(free, { visibilityMs, waitMs: TAKE_WAIT_MS, signal });
        const before = this.#taken;
        for (const lease of leases) this.#begin(lease);
        if (leases.length > 0) this.#usualPlace = (this.#taken - before) / leases.length;
      } catch (error) {
        if (signal.aborted) return;
        const { code, message } = AppError.from(error);
        logger.warn("queue.unreachable", { code, reason: message });
        await clock.sleep(FAULT_PAUSE_MS, { signal }).catch(() => undefined);
      }
    }
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  #begin(lease: Lease): void {
    const place = placeOf(lease);
    const work = this.#work(lease).finally(() => {
      this.#inHand.delete(work);
      this.#taken -= place;
      this.#changed();
    });
    this.#inHand.add(work);
    this.#taken += place;
  }

  async #work(lease: Lease): Promise<void> {
    const ended = new AbortController();
    const lost = new AbortController();
    const signal = AbortSignal.any([this.#abandon.signal, lost.signal]);
    const renewing = this.#renew(lease, ended.signal, lost);
    try {
      await runJob(lease, this.#deps, this.#holdings, signal);
    } catch (error) {
      // The queue or the database did not hear how it ended: the lease runs out, and the job comes again.
      const { code, message } = AppError.from(error);
      this.#deps.logger.warn("mark.unsettled", { jobId: lease.id, code, reason: message });
    } finally {
      ended.abort();
      await renewing;
    }
  }

  /** Keeps the lease while the work goes on; stops the work when somebody else has it. */
  async #renew(first: Lease, ended: AbortSignal, lost: AbortController): Promise<void> {
    const { queue, clock, logger } = this.#deps;
    const { visibilityMs } = this.#options;
    let lease = first;
    for (;;) {
      const awake = await clock.sleep(visibilityMs / 3, { signal: ended }).then(
        () => true,
        () => false,
      );
      if (!awake) return;
      try {
        const renewed = await queue.extend(lease, visibilityMs);
        if (!renewed) {
          logger.warn("lease.lost", { jobId: first.id });
          return lost.abort();
        }
        lease = renewed;
      } catch (error) {
        logger.warn("lease.not_renewed", { jobId: first.id, reason: AppError.from(error).message });
      }
    }
  }

  async #watchBuried(): Promise<void> {
    const { queue, repository, logger, clock } = this.#deps;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const failed = await failBuriedJobs(queue, repository);
        if (failed > 0) logger.warn("mark.buried", { failed });
      } catch (error) {
        logger.warn("queue.unreachable", { reason: AppError.from(error).message });
      }
      await clock.sleep(BURIED_LOOK_MS, { signal }).catch(() => undefined);
    }
  }
}

/** From an eighth to one, by the original's size; one for what is no mark job. */
function placeOf({ payload }: Lease): number {
  const size = markJobSchema.shape.size.safeParse(Reflect.get(Object(payload), "size"));
  if (!size.success) return 1;
  return Math.min(1, Math.max(SMALLEST_PLACE, size.data / WHOLE_PLACE_BYTES));
}

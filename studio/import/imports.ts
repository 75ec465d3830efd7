import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import type { ItemView, JobView } from "#contracts/ipc.ts";
import { isTemplateRef, type Mark, markKey } from "#contracts/mark.ts";
import { AppError } from "#kernel/errors.ts";
import { withRetry } from "#upload/retry.ts";
import type { ServerFacts } from "../control-plane/control-plane.ts";
import { EventHub } from "../events/event-hub.ts";
import { type ItemRow, isItemSettled } from "../journal/item-row.ts";
import type { ItemFilter } from "../journal/items-table.ts";
import type { JobRow } from "../journal/job-row.ts";
import { type AppliedChange, applyMedia } from "./apply-media.ts";
import { ImportJob } from "./import-job.ts";
import { ImportLane, type ImportLaneDeps, type ImportLimits } from "./import-lane.ts";
import { itemView, jobView } from "./job-progress.ts";
import { MediaWatcher } from "./media-watcher.ts";

/** Milliseconds by which two clocks may differ before it is worth a word. */
const NOTABLE_SKEW_MS = 60_000;

interface ActiveImport {
  readonly job: ImportJob;
  readonly finished: Promise<JobRow>;
}

export interface BeginOptions {
  readonly mark: Mark;
  /** JSON of the operator that `mark` names, when it names a template that the journal does not have yet. */
  readonly operator?: string | undefined;
  /** Goes on with the run that was interrupted, instead of beginning the next. @default false */
  readonly takeUp?: boolean;
}

/** All imports of one studio to one server: those that run, and those that the journal remembers. */
export class Imports implements AsyncDisposable {
  readonly events: EventHub;
  readonly #deps: ImportLaneDeps;
  readonly #stop = new AbortController();
  readonly #lane: ImportLane;
  readonly #watcher: MediaWatcher;
  readonly #active = new Map<string, ActiveImport>();
  readonly #settledListeners = new Set<(items: readonly ItemView[]) => void>();
  #server: ServerFacts | undefined;
  #clockOffsetMs = 0;

  constructor(deps: ImportLaneDeps, limits: ImportLimits = {}) {
    this.#deps = deps;
    this.#lane = new ImportLane(deps, limits, this.#stop.signal);
    this.events = new EventHub({
      job: (id) => this.job(id),
      items: (ids) => ids.map((id) => this.item(id)).filter((item) => item !== undefined),
    });
    this.#watcher = new MediaWatcher(deps, {
      onMedia: async (items) => {
        const { journal } = deps;
        this.#noticed(await journal.commit(() => items.flatMap((media) => applyMedia(journal, media))));
      },
      onReconnect: () => {
        for (const { job } of this.#active.values()) job.reconcile(this.#stop.signal).catch(() => {});
      },
    });
  }

  /** Finds the server and begins to follow it; waits while it does not answer.
   *  @throws AppError `unauthenticated`, `permission_denied`, `aborted`. */
  async start(options: {
    readonly signal: AbortSignal;
    readonly onTrouble?: (error: AppError | null) => void;
  }): Promise<void> {
    const { clock, controlPlane, logger } = this.#deps;
    const sentAtMs = clock.now();
    const server = await withRetry(this.#deps, () => controlPlane.health(options), options);
    this.#clockOffsetMs = server.nowMs - Math.round((sentAtMs + clock.now()) / 2);
    if (Math.abs(this.#clockOffsetMs) > NOTABLE_SKEW_MS)
      logger.warn("clock.skewed", { offsetMs: this.#clockOffsetMs });
    await withRetry(this.#deps, () => this.#watcher.start(options), options);
    this.#server = server;
  }

  get serverId(): string {
    return this.#started().serverId;
  }

  /** Told pictures when they are settled, after that is on disk; each once a run. */
  onSettled(listener: (items: readonly ItemView[]) => void): () => void {
    this.#settledListeners.add(listener);
    return () => this.#settledListeners.delete(listener);
  }

  /**
   * Begins to import a folder, or one picture by its path. The same folder again is the same job in its next run; while it runs it just goes on,
   * or begins again when another mark is wanted.
   * @throws AppError `not_found` when there is no such folder.
   */
  async begin(path: string, { mark, operator, takeUp = false }: BeginOptions): Promise<JobRow> {
    const root = await realpath(path).catch((cause: unknown) => {
      throw new AppError("not_found", `There is no folder “${path}”.`, { cause });
    });
    const { clock, journal, random } = this.#deps;
    const serverId = this.serverId;
    const before = journal.jobs.ofFolder(serverId, root);
    const active = before && this.#active.get(before.id);
    if (active && markKey(active.job.row.mark) === markKey(mark)) return active.job.row;
    if (active) {
      active.job.cancel();
      await active.finished.catch(() => {});
    }
    const row: JobRow =
      before && takeUp
        ? { ...before, state: "scanning", finishedAtMs: null }
        : {
            id: before?.id ?? random.uuid(),
            serverId,
            root,
            label: basename(root) || root,
            state: "scanning",
            mark,
            run: (before?.run ?? 0) + 1,
            ignored: 0,
            bytesTotal: 0,
            bytesSent: 0,
            startedAtMs: clock.now(),
            finishedAtMs: null,
          };
    // The ignored are counted by each scan anew.
    const fresh = { ...row, ignored: 0 };
    await journal.commit(() => {
      if (isTemplateRef(mark) && operator !== undefined) journal.templates.put(mark.version, operator);
      journal.jobs.put(fresh);
    });
    this.#run(fresh, true);
    return fresh;
  }

  /** Goes on with every import that an earlier process did not finish. */
  async takeUpAll(): Promise<void> {
    for (const row of this.#deps.journal.jobs.all(this.serverId))
      if (row.state !== "done" && row.state !== "cancelled" && !this.#active.has(row.id))
        await this.begin(row.root, { mark: row.mark, takeUp: true }).catch((error: unknown) => {
          this.#deps.logger.warn("job.not_taken_up", { jobId: row.id, code: AppError.from(error).code });
        });
  }

  /** The job when it has come to its end, done or cancelled.
   *  @throws AppError what stopped it: `file.unreadable`, `disk.full`, …; `not_found` for an unknown job. */
  async finished(jobId: string): Promise<JobRow> {
    const active = this.#active.get(jobId);
    return active ? await active.finished : this.#row(jobId);
  }

  async cancel(jobId: string): Promise<void> {
    const active = this.#active.get(jobId);
    active?.job.cancel();
    await active?.finished.catch(() => {});
  }

  /** Tries failed pictures again; answers how many. @param ids which; `undefined`: all. */
  async retry(jobId: string, ids: readonly string[] | undefined): Promise<number> {
    const wanted = ids && new Set(ids);
    const active = this.#active.get(jobId);
    if (active) return await active.job.retry(wanted);
    const { journal } = this.#deps;
    const row = { ...this.#row(jobId), state: "running" as const, finishedAtMs: null };
    const retried = await journal.commit(() => {
      const items = journal.items.retry(row, wanted);
      if (items.length > 0) journal.jobs.put(row);
      return items;
    });
    if (retried.length > 0 && !this.#active.has(jobId)) this.#run(row, false);
    return retried.length;
  }

  jobs(): readonly JobView[] {
    const rows = this.#deps.journal.jobs.all(this.serverId);
    return rows.map((row) => this.job(row.id)).filter((job) => job !== undefined);
  }

  job(jobId: string): JobView | undefined {
    const { items, jobs } = this.#deps.journal;
    const active = this.#active.get(jobId)?.job;
    const row = active?.row ?? jobs.get(jobId);
    return row && jobView(row, items.tally(row), active?.progress);
  }

  page(
    jobId: string,
    filter: ItemFilter,
    offset: number,
    limit: number,
  ): { total: number; items: ItemView[] } {
    const { total, items } = this.#deps.journal.items.page(this.#row(jobId), filter, offset, limit);
    return { total, items: items.map((item) => this.#view(item)) };
  }

  item(itemId: string): ItemView | undefined {
    const item = this.#deps.journal.items.get(itemId);
    return item && this.#view(item);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([...this.#active.values()].map(({ finished }) => finished));
    await this.#watcher[Symbol.asyncDispose]();
    this.events[Symbol.dispose]();
  }

  #run(row: JobRow, scan: boolean): void {
    const job = new ImportJob(
      {
        ...this.#deps,
        logger: this.#deps.logger.child({ jobId: row.id }),
        lane: this.#lane,
        serverId: row.serverId,
        clockOffsetMs: this.#clockOffsetMs,
        recent: (mediaId) => this.#watcher.recent(mediaId),
        onChanges: (changes) => this.#noticed(changes),
        onJob: (jobId) => this.events.changed(jobId),
      },
      row,
    );
    const finished = job.run({ scan, signal: this.#stop.signal }).finally(() => {
      this.#active.delete(row.id);
      this.#runLateRetries(row.id);
      this.events.changed(row.id);
      this.events.flush(row.id);
    });
    finished.catch((error: unknown) => {
      this.#deps.logger.error("job.stopped", { jobId: row.id, code: AppError.from(error).code });
    });
    this.#active.set(row.id, { job, finished });
    this.events.changed(row.id);
  }

  /** A retry that was asked for in the moment in which the job ended. */
  #runLateRetries(jobId: string): void {
    const row = this.#row(jobId);
    const { found, settled } = this.#deps.journal.items.tally(row);
    if (row.state === "done" && settled < found && !this.#stop.signal.aborted)
      this.#run({ ...row, state: "running", finishedAtMs: null }, false);
  }

  #noticed(changes: readonly AppliedChange[]): void {
    const byJob = Map.groupBy(changes, ({ after }) => after.jobId);
    for (const [jobId, own] of byJob) {
      this.#active.get(jobId)?.job.notice(own);
      this.events.changed(
        jobId,
        own.map(({ after }) => after.id),
      );
    }
    if (this.#settledListeners.size === 0) return;
    const settled = changes.filter(({ before, after }) => !isItemSettled(before) && isItemSettled(after));
    if (settled.length === 0) return;
    const views = settled.map(({ after }) => this.#view(after));
    for (const listener of this.#settledListeners) listener(views);
  }

  #view(item: ItemRow): ItemView {
    return itemView(item, this.#active.get(item.jobId)?.job.progress.sendingBytes(item.id) ?? 0);
  }

  #row(jobId: string): JobRow {
    const row = this.#deps.journal.jobs.get(jobId);
    if (!row) throw new AppError("not_found", "There is no such import.");
    return row;
  }

  #started(): ServerFacts {
    if (!this.#server)
      throw new AppError("unavailable", "The server has not answered yet.", { retry: "backoff" });
    return this.#server;
  }
}

import { isTemplateRef, type Mark } from "#contracts/mark.ts";
import { markOperatorSchema } from "#contracts/mark-operator.ts";
import { abortReason, throwIfAborted } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";
import { newTraceId } from "#kernel/random.ts";
import { asksSequence } from "#template/job-values.ts";
import { withRetry } from "#upload/retry.ts";
import { type ItemRow, isItemSettled } from "../journal/item-row.ts";
import type { JobRow } from "../journal/job-row.ts";
import { scanFolder } from "../scan/scan-folder.ts";
import type { AppliedChange } from "./apply-media.ts";
import { applyMedia } from "./apply-media.ts";
import { type ImportPictureDeps, importPicture } from "./import-picture.ts";
import { JobProgress } from "./job-progress.ts";

/** Pictures read from the journal at once. */
const PAGE = 128;
/** Milliseconds without news after which the server is asked about what is still open. */
const QUIET_MS = 30_000;

export interface ImportJobDeps extends ImportPictureDeps {
  /** Changes of pictures, of whatever job, after they are on disk. */
  readonly onChanges: (changes: readonly AppliedChange[]) => void;
  /** The job itself is not what it was. */
  readonly onJob: (jobId: string) => void;
}

/** One import of one folder, from its scan to the last mark. The journal holds the work; this holds what is in hand. */
export class ImportJob {
  readonly progress: JobProgress;
  readonly #deps: ImportJobDeps;
  readonly #stop = new AbortController();
  #row: JobRow;
  #found: number;
  #settled: number;
  #scanning = true;
  #lastNewsMs: number;
  #more = Promise.withResolvers<void>();
  /** Where the template asks for it: the number that each picture has in this job, by its SHA-256. Files with the same
   *  bytes are one picture. */
  #numbers: Map<string, number> | null = null;

  /** @param row as it is in the journal, in the run that this is to be. */
  constructor(deps: ImportJobDeps, row: JobRow) {
    this.#deps = deps;
    this.#row = row;
    this.progress = new JobProgress(deps.clock);
    const tally = deps.journal.items.tally(row);
    this.#found = tally.found;
    this.#settled = tally.settled;
    this.#lastNewsMs = deps.clock.now();
  }

  get row(): JobRow {
    return { ...this.#row, bytesSent: this.#row.bytesSent + this.progress.bytesSent };
  }

  cancel(): void {
    this.#stop.abort(new AppError("aborted", "The import was stopped. It can be taken up again."));
  }

  /**
   * Runs to the end. `cancel` leaves everything to be taken up again, and ends normally, as `cancelled`; an abort of
   * the signal means that the program ends, and leaves the job's state as it is.
   * @throws AppError `not_found`, `invalid_argument`, `file.unreadable` for the folder itself; `disk.full`.
   */
  async run(options: { readonly scan: boolean; readonly signal: AbortSignal }): Promise<JobRow> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, options.signal, failed.signal]);
    const ended = new AbortController();
    const until = AbortSignal.any([signal, ended.signal]);
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake);
    const guard = async (work: Promise<void>) => {
      try {
        await work;
      } catch (error) {
        if (!until.aborted) failed.abort(AppError.from(error));
      }
    };
    this.#scanning = options.scan;
    const feed = this.#feed(signal);
    const shared = guard(this.#shareTemplate(signal));
    const chores = guard(this.#reconcileWhenQuiet(until));
    await Promise.all([
      options.scan ? guard(this.#scan(signal)) : undefined,
      ...Array.from({ length: this.#deps.lane.pictures }, () =>
        guard(shared.then(() => this.#work(feed, signal))),
      ),
    ]);
    signal.removeEventListener("abort", wake);
    ended.abort();
    await chores;
    const { clock, journal } = this.#deps;
    this.progress.trouble = null;
    const closing = options.signal.aborted && !this.#stop.signal.aborted;
    await journal.commit(() => {
      const state = signal.aborted ? "cancelled" : "done";
      // What only the end of the program has stopped is taken up by the next one.
      this.#row = closing ? this.row : { ...this.row, state, finishedAtMs: clock.now() };
      journal.jobs.put(this.#row);
    });
    if (failed.signal.aborted) throw abortReason(failed.signal);
    return this.#row;
  }

  /** Tries failed pictures of this run again. Answers how many. */
  async retry(ids: ReadonlySet<string> | undefined): Promise<number> {
    const { journal } = this.#deps;
    const retried = await journal.commit(() => journal.items.retry(this.#row, ids));
    this.#settled -= retried.length;
    this.#wake();
    return retried.length;
  }

  /** Takes notice of changes of its own pictures. */
  notice(changes: readonly AppliedChange[]): void {
    this.#lastNewsMs = this.#deps.clock.now();
    const settled = changes.filter(({ before, after }) => !isItemSettled(before) && isItemSettled(after));
    const reopened = changes.filter(({ before, after }) => isItemSettled(before) && !isItemSettled(after));
    this.#settled += settled.length - reopened.length;
    this.progress.settled(settled.length);
    for (const { after } of settled)
      if (after.already || after.state === "failed") this.#addTotal(-after.size);
    this.#endIfSettled();
  }

  /** Asks the server about everything that is still open: news may have been lost. */
  async reconcile(signal: AbortSignal): Promise<void> {
    const { controlPlane, journal, onChanges } = this.#deps;
    for (let after = "0"; ; ) {
      const open = journal.items.open(this.#row, after, 500);
      if (open.length === 0) return;
      after = open.at(-1)!.id;
      const ids = [...new Set(open.map(({ mediaId }) => mediaId))];
      const { items } = await withRetry(this.#deps, () => controlPlane.media(ids, { signal }), { signal });
      const news = items.filter(({ state }) => state !== "uploading");
      onChanges(await journal.commit(() => news.flatMap((media) => applyMedia(journal, media))));
    }
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const { journal, onChanges, onJob, random } = this.#deps;
    for await (const { files, ignored } of scanFolder(this.#row.root, { signal })) {
      const seen = await journal.commit(() => {
        const fresh = files
          .map((file) => journal.items.see(this.#row, { ...file, traceId: newTraceId(random) }))
          .filter(({ isNew }) => isNew)
          .map(({ item }) => item);
        const bytes = fresh.reduce((sum, { size }) => sum + size, 0);
        this.#row = { ...this.#row, ignored: this.#row.ignored + ignored };
        this.#addTotal(bytes);
        journal.jobs.put(this.#row);
        return fresh;
      });
      this.#found += seen.length;
      onChanges(seen.map((item) => ({ before: { ...item, settledRun: 0 }, after: item })));
      this.#wake();
    }
    this.#scanning = false;
    await journal.commit(() => {
      this.#row = { ...this.#row, state: "running" };
      journal.jobs.put(this.#row);
    });
    onJob(this.#row.id);
    this.#endIfSettled();
  }

  /** The server keeps the template before the first picture names it. */
  async #shareTemplate(signal: AbortSignal): Promise<void> {
    const { mark } = this.#row;
    if (!isTemplateRef(mark)) return;
    const { controlPlane, journal } = this.#deps;
    const operator = journal.templates.get(mark.version);
    if (operator === undefined)
      throw new AppError(
        "template.unknown",
        `The template “${mark.template}” is not in this home folder in the version that this import began with. Begin it again.`,
      );
    if (asksSequence(markOperatorSchema.parse(JSON.parse(operator)))) this.#numbers = new Map();
    await withRetry(this.#deps, () => controlPlane.putTemplate(operator, { signal }), { signal });
  }

  readonly #markOf = ({ index }: Pick<ItemRow, "index">, sha256: string): Mark => {
    const { mark } = this.#row;
    if (!this.#numbers || !isTemplateRef(mark)) return mark;
    const sequence = this.#numbers.get(sha256) ?? index + 1;
    this.#numbers.set(sha256, sequence);
    return { ...mark, sequence };
  };

  async #work(feed: AsyncGenerator<ItemRow, void, void>, signal: AbortSignal): Promise<void> {
    const { onChanges, onJob } = this.#deps;
    const report = {
      changed: onChanges,
      sent: (itemId: string, bytes: number) => {
        this.progress.sent(itemId, bytes);
        onJob(this.#row.id);
      },
      ended: (itemId: string) => this.progress.ended(itemId),
      trouble: (error: AppError | null) => {
        this.progress.trouble = error;
        onJob(this.#row.id);
      },
    };
    for (;;) {
      const next = await feed.next();
      if (next.done) return;
      await importPicture(this.#deps, { ...this.#row, markOf: this.#markOf }, next.value, report, signal);
    }
  }

  /** What is to be done, as it becomes known, until everything that was found is settled. */
  async *#feed(signal: AbortSignal): AsyncGenerator<ItemRow, void, void> {
    const { journal } = this.#deps;
    for (let seen = 0; ; ) {
      throwIfAborted(signal);
      const more = this.#more.promise;
      const page = journal.items.work(this.#row, seen, PAGE);
      for (const item of page) {
        seen = item.seen;
        yield item;
      }
      if (page.length > 0) continue;
      if (!this.#scanning && this.#settled >= this.#found) return;
      await more;
    }
  }

  async #reconcileWhenQuiet(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    for (;;) {
      await clock.sleep(QUIET_MS, { signal });
      if (clock.now() - this.#lastNewsMs < QUIET_MS) continue;
      await this.reconcile(signal);
    }
  }

  #addTotal(bytes: number): void {
    this.#row = { ...this.#row, bytesTotal: Math.max(0, this.#row.bytesTotal + bytes) };
  }

  #endIfSettled(): void {
    if (!this.#scanning && this.#settled >= this.#found) this.#wake();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers<void>();
  }
}

import type { ItemView, JobView } from "#contracts/ipc.ts";
import type { Clock } from "#kernel/clock.ts";
import { type AppError, toErrorBody } from "#kernel/errors.ts";
import type { ItemRow } from "../journal/item-row.ts";
import type { Tally } from "../journal/items-table.ts";
import type { JobRow } from "../journal/job-row.ts";
import { RateMeter } from "./rate-meter.ts";

/** What of a running job is not worth writing down: rates, bytes on their way, what it waits for. */
export class JobProgress {
  readonly #settled: RateMeter;
  readonly #bytes: RateMeter;
  readonly #sending = new Map<string, number>();
  trouble: AppError | null = null;

  constructor(clock: Pick<Clock, "now">) {
    this.#settled = new RateMeter(clock);
    this.#bytes = new RateMeter(clock);
  }

  get bytesSent(): number {
    return this.#bytes.total;
  }

  settled(pictures: number): void {
    this.#settled.add(pictures);
  }

  sent(itemId: string, bytes: number): void {
    this.#bytes.add(bytes - (this.#sending.get(itemId) ?? 0));
    this.#sending.set(itemId, bytes);
  }

  ended(itemId: string): void {
    this.#sending.delete(itemId);
  }

  sendingBytes(itemId: string): number {
    return this.#sending.get(itemId) ?? 0;
  }

  rates(unsettled: number): Pick<JobView, "bytesPerSecond" | "picturesPerSecond" | "etaSeconds"> {
    const picturesPerSecond = this.#settled.perSecond();
    return {
      bytesPerSecond: this.#bytes.perSecond(),
      picturesPerSecond,
      etaSeconds: picturesPerSecond > 0 ? unsettled / picturesPerSecond : null,
    };
  }
}

/** A job as a window sees it. `progress`: while it runs. */
export function jobView(job: JobRow, tally: Tally, progress: JobProgress | undefined): JobView {
  const idle = { bytesPerSecond: 0, picturesPerSecond: 0, etaSeconds: null };
  const trouble = progress?.trouble ?? null;
  return {
    id: job.id,
    root: job.root,
    label: job.label,
    state: trouble && job.state === "running" ? "waiting" : job.state,
    waitingFor: trouble && toErrorBody(trouble),
    found: tally.found,
    counts: tally.counts,
    already: tally.already,
    ignored: job.ignored,
    bytesTotal: job.bytesTotal,
    bytesSent: job.bytesSent,
    ...(progress ? progress.rates(tally.found - tally.settled) : idle),
    startedAtMs: job.startedAtMs,
    finishedAtMs: job.finishedAtMs,
    mark: job.mark,
  };
}

/** A picture as a window sees it. */
export function itemView(item: ItemRow, sendingBytes: number): ItemView {
  const isThere = ["uploaded", "marking", "marked", "published"].includes(item.state);
  return {
    id: item.id,
    jobId: item.jobId,
    index: item.index,
    file: item.file,
    size: item.size,
    state: item.state,
    already: item.already,
    bytesSent: isThere ? item.size : sendingBytes,
    reason: item.errorCode === null ? null : { code: item.errorCode, message: item.errorMessage ?? "" },
    objectKey: item.objectKey,
    markedKey: item.markedKey,
    traceId: item.traceId,
  };
}

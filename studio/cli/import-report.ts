import type { ItemView, JobView } from "#contracts/ipc.ts";
import type { ErrorCode } from "#kernel/errors.ts";
import { barBefore, formatBytes, formatCount, formatSeconds } from "./format.ts";
import type { Output } from "./output.ts";
import { failureLines, MOST_NAMED, resultTable } from "./result-words.ts";

/** Milliseconds between two lines of progress where there is no terminal. */
const QUIET_MS = 10_000;

export interface ImportTotals {
  readonly found: number;
  readonly marked: number;
  readonly already: number;
  readonly failed: number;
  readonly ignored: number;
  /** Bytes sent to the store by this run. */
  readonly bytes: number;
  readonly seconds: number;
  readonly interrupted: boolean;
}

/** How an import tells the person or script before it. */
export interface ImportReport {
  waiting(reason: { readonly code: ErrorCode; readonly message: string } | null): void;
  settled(items: readonly ItemView[]): void;
  progress(job: JobView): void;
  summary(totals: ImportTotals): void;
}

/** One JSON object a line (docs/guides/command-line.md). */
export function jsonReport(output: Output): ImportReport {
  const event = (name: string, fields: object) => output.line(JSON.stringify({ event: name, ...fields }));
  let lastDone = -1;
  return {
    waiting: (reason) =>
      event("waiting", { reason: reason?.message ?? null, reasonCode: reason?.code ?? null }),
    settled(items) {
      for (const item of items)
        event("picture", {
          file: item.file,
          state: outcomeOf(item),
          reason: item.reason?.message ?? null,
          reasonCode: item.reason?.code ?? null,
          objectKey: item.objectKey,
          markedKey: item.markedKey,
          traceId: item.traceId,
          size: item.size,
        });
    },
    progress(job) {
      const done = settledOf(job);
      if (done === lastDone) return;
      lastDone = done;
      event("progress", {
        done,
        found: job.found,
        bytesSent: job.bytesSent,
        bytesPerSecond: Math.round(job.bytesPerSecond),
        picturesPerSecond: Number(job.picturesPerSecond.toFixed(2)),
        etaSeconds: job.etaSeconds === null ? null : Math.round(job.etaSeconds),
      });
    },
    summary: (totals) => event("summary", { ...totals, seconds: Number(totals.seconds.toFixed(3)) }),
  };
}

/** For people: a bar on a terminal, else a line now and then; a table at the end. */
export function humanReport(output: Output, now: () => number): ImportReport {
  const failed: ItemView[] = [];
  let lastLineMs = now();
  let waiting = false;
  return {
    waiting(reason) {
      if (reason && !waiting) output.notice(reason.message);
      else if (!reason && waiting) output.notice("It goes on.");
      waiting = reason !== null;
    },
    settled(items) {
      for (const item of items) if (item.state === "failed" && failed.length < MOST_NAMED) failed.push(item);
    },
    progress(job) {
      if (output.isTerminal) output.status(barBefore(statusText(job), doneOf(job), output.columns));
      else if (now() - lastLineMs >= QUIET_MS) {
        lastLineMs = now();
        output.line(statusText(job));
      }
    },
    summary(totals) {
      output.status("");
      const named = failed.map(({ file, reason }) => ({ file, reason: reason?.message ?? "" }));
      for (const line of failureLines(named, totals.failed)) output.line(line);
      output.line(table(totals));
    },
  };
}

export function outcomeOf(item: ItemView): "marked" | "failed" | "already" {
  if (item.state === "failed") return "failed";
  return item.already ? "already" : "marked";
}

function settledOf({ counts }: JobView): number {
  return (counts.marked ?? 0) + (counts.published ?? 0) + (counts.failed ?? 0);
}

function statusText(job: JobView): string {
  const done = settledOf(job);
  const parts = [`${formatCount(done)} of ${formatCount(job.found)}${job.state === "scanning" ? "+" : ""}`];
  if (job.state === "waiting") parts.push("waiting");
  else {
    if (job.picturesPerSecond > 0) parts.push(`${job.picturesPerSecond.toFixed(1)}/s`);
    if (job.etaSeconds !== null && job.state !== "scanning")
      parts.push(`${formatSeconds(job.etaSeconds)} left`);
    if (job.bytesPerSecond >= 1) parts.push(`↑ ${formatBytes(job.bytesPerSecond)}/s`);
  }
  if (job.counts.failed) parts.push(`${formatCount(job.counts.failed)} failed`);
  return parts.join(" · ");
}

function doneOf(job: JobView): number {
  return job.found === 0 ? 0 : settledOf(job) / job.found;
}

function table(totals: ImportTotals): string {
  const rows: readonly (readonly [string, string])[] = [
    ["Marked", formatCount(totals.marked)],
    ["Already there", formatCount(totals.already)],
    ["Failed", formatCount(totals.failed)],
    ["Not pictures", formatCount(totals.ignored)],
    ["Sent", formatBytes(totals.bytes)],
    ["Time", formatSeconds(totals.seconds)],
  ];
  const { found, marked, already, failed, interrupted } = totals;
  return resultTable({ found, settled: marked + already + failed, interrupted }, rows);
}

import type { FileOutcome } from "../mark-files/mark-files.ts";
import { aligned, barBefore, formatCount, formatSeconds, pictures, printable } from "./format.ts";
import type { Output } from "./output.ts";

/** Failed pictures named in the summary; scripts ask for `--json`. */
const MOST_NAMED = 50;

export interface MarkTotals {
  readonly found: number;
  readonly marked: number;
  readonly kept: number;
  readonly failed: number;
  readonly ignored: number;
  readonly seconds: number;
  readonly interrupted: boolean;
}

/** How marks on files are told to the person or script before it. */
export interface MarkReport {
  settled(outcome: FileOutcome, totals: Omit<MarkTotals, "interrupted">): void;
  summary(totals: MarkTotals): void;
}

/** One JSON object a line (docs/guides/command-line.md). */
export function markJson(output: Output): MarkReport {
  const event = (name: string, fields: object) => output.line(JSON.stringify({ event: name, ...fields }));
  return {
    settled({ name, state, reason, output: place, record, size, marked }) {
      event("picture", {
        file: name,
        state,
        reason: reason?.message ?? null,
        reasonCode: reason?.code ?? null,
        output: state === "failed" ? null : place,
        record: state === "marked" ? record : null,
        path: marked?.path ?? null,
        proof: marked?.proof ?? null,
        sha256: marked?.sha256 ?? null,
        incomplete: marked?.incomplete ?? [],
        size,
      });
    },
    summary: (totals) => event("summary", { ...totals, seconds: Number(totals.seconds.toFixed(3)) }),
  };
}

/** For people: a bar on a terminal; what failed and a table at the end. */
export function markWords(output: Output): MarkReport {
  const failed: FileOutcome[] = [];
  /** By what the template asked for: how many pictures lacked it. */
  const incomplete = new Map<string, number>();
  let failures = 0;
  const ways = { exact: 0, other: 0 };
  return {
    settled(outcome, totals) {
      if (outcome.state === "failed" && failures++ < MOST_NAMED) failed.push(outcome);
      for (const message of outcome.marked?.incomplete ?? [])
        incomplete.set(message, (incomplete.get(message) ?? 0) + 1);
      if (outcome.marked) ways[outcome.marked.proof === "exact" ? "exact" : "other"]++;
      output.status(statusLine(totals, output.columns));
    },
    summary(totals) {
      output.status("");
      for (const [message, count] of incomplete)
        output.notice(`On ${pictures(count)}: ${message.replaceAll("`", "")}`);
      for (const { name, reason } of failed) output.line(`  ✗ ${printable(name)}: ${reason?.message ?? ""}`);
      if (failures > failed.length)
        output.line(`  … and ${formatCount(failures - failed.length)} more; --json names them all.`);
      const settled = totals.marked + totals.kept + totals.failed;
      output.line(
        totals.interrupted
          ? `Stopped. ${pictures(settled)} of ${formatCount(totals.found)} are done.`
          : `${pictures(totals.found)} found.`,
      );
      const rows: [string, string][] = [
        ["Marked", formatCount(totals.marked)],
        ["… exactly", formatCount(ways.exact)],
        ["… coded anew", formatCount(ways.other)],
        ["Kept", formatCount(totals.kept)],
        ["Failed", formatCount(totals.failed)],
        ["Not pictures", formatCount(totals.ignored)],
        ["Time", formatSeconds(totals.seconds)],
      ];
      for (const row of aligned(rows)) output.line(row);
    },
  };
}

function statusLine(totals: Omit<MarkTotals, "interrupted">, columns: number): string {
  const { found, marked, kept, failed, seconds } = totals;
  const done = marked + kept + failed;
  const rate = seconds > 0 ? (done - kept) / seconds : 0;
  const parts = [`${formatCount(done)} of ${formatCount(found)}`];
  if (rate > 0) parts.push(`${rate.toFixed(1)}/s`, `${formatSeconds((found - done) / rate)} left`);
  if (failed > 0) parts.push(`${formatCount(failed)} failed`);
  return barBefore(parts.join(" · "), done / found, columns);
}

import type { FileOutcome } from "../mark-files/mark-files.ts";
import { barBefore, formatCount, formatSeconds, pictures } from "./format.ts";
import type { Output } from "./output.ts";
import { failureLines, MOST_NAMED, resultTable } from "./result-words.ts";

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
  let exact = 0;
  return {
    settled(outcome, totals) {
      if (outcome.state === "failed" && failed.length < MOST_NAMED) failed.push(outcome);
      for (const message of outcome.marked?.incomplete ?? [])
        incomplete.set(message, (incomplete.get(message) ?? 0) + 1);
      if (outcome.marked?.proof === "exact") exact++;
      output.status(statusLine(totals, output.columns));
    },
    summary(totals) {
      output.status("");
      for (const [message, count] of incomplete)
        output.notice(`On ${pictures(count)}: ${message.replaceAll("`", "")}`);
      const named = failed.map(({ name, reason }) => ({ file: name, reason: reason?.message ?? "" }));
      for (const line of failureLines(named, totals.failed)) output.line(line);
      const { found, marked, kept, failed: failures, interrupted } = totals;
      const settled = marked + kept + failures;
      const table = resultTable({ found, settled, interrupted }, [
        ["Marked", formatCount(marked)],
        ["… exactly", formatCount(exact)],
        ["… coded anew", formatCount(marked - exact)],
        ["Kept", formatCount(kept)],
        ["Failed", formatCount(failures)],
        ["Not pictures", formatCount(totals.ignored)],
        ["Time", formatSeconds(totals.seconds)],
      ]);
      output.line(table);
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

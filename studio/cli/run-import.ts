import type { ItemView } from "#contracts/ipc.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Studio } from "../core.ts";
import type { BeginOptions } from "../import/imports.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { type ImportReport, type ImportTotals, outcomeOf } from "./import-report.ts";

export interface RunImportDeps {
  readonly studio: Studio;
  /** What the pictures are marked with. */
  readonly begin: BeginOptions;
  readonly report: ImportReport;
  readonly clock: Pick<Clock, "now">;
  readonly signal: AbortSignal;
}

/** Imports folders one after another, and tells the report. Answers the exit code; an abort ends it early, with
 *  everything left to be taken up again. @throws AppError what stopped an import. */
export async function runImport(
  { studio, begin, report, clock, signal }: RunImportDeps,
  folders: readonly string[],
): Promise<ExitCode> {
  const { imports, core } = studio;
  const startedAtMs = clock.now();
  const totals = { found: 0, marked: 0, already: 0, failed: 0, ignored: 0, bytes: 0 };
  let waitingFor: string | null = null;
  const unsubscribe = [
    imports.onSettled((items: readonly ItemView[]) => {
      for (const item of items) totals[outcomeOf(item)]++;
      report.settled(items);
    }),
    core.subscribe((_event, payload) => {
      if (!("job" in payload)) return;
      const reason = payload.job.waitingFor;
      if ((reason?.code ?? null) !== waitingFor) report.waiting(reason);
      waitingFor = reason?.code ?? null;
      report.progress(payload.job);
    }),
  ];
  try {
    for (const folder of folders) {
      if (signal.aborted) break;
      const { id } = await imports.begin(folder, begin);
      const cancel = () => void imports.cancel(id);
      signal.addEventListener("abort", cancel);
      const finished = await imports.finished(id).finally(() => signal.removeEventListener("abort", cancel));
      totals.found += imports.job(id)?.found ?? 0;
      totals.ignored += finished.ignored;
      totals.bytes += finished.bytesSent;
    }
  } finally {
    for (const end of unsubscribe) end();
  }
  const summary: ImportTotals = {
    ...totals,
    seconds: (clock.now() - startedAtMs) / 1_000,
    interrupted: signal.aborted,
  };
  report.summary(summary);
  if (signal.aborted) return EXIT.interrupted;
  if (summary.marked + summary.already + summary.failed !== summary.found)
    throw new AppError(
      "internal",
      "Some pictures came to no end. Run it again; what is done is not done twice.",
    );
  return summary.failed > 0 ? EXIT.failedPictures : EXIT.done;
}

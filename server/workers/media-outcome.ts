import { markKey, markSchema } from "#contracts/mark.ts";
import { type MarkJob, markJobKey, markJobSchema } from "#contracts/mark-job.ts";
import type { MediaChange, MediaRepository, MediaRow } from "../services/ports/media-repository.ts";
import type { Queue } from "../services/ports/queue.ts";

/** True while the row waits for just this mark on just these bytes. */
export function wantsMark(row: MediaRow, job: MarkJob): boolean {
  return (
    (row.state === "uploaded" || row.state === "marking") &&
    row.sha256 === job.sha256 &&
    row.objectKey === job.objectKey &&
    markKey(markSchema.parse(JSON.parse(row.markSpec))) === markKey(job.mark)
  );
}

/** Ends the row's waiting in failure by compare-and-swap, reading again after a conflict. False: it did not wait for this
 *  any more, or waits for the same mark anew by a job of its own. `jobKey`: the failed job's. */
export async function failRow(
  repository: MediaRepository,
  { job, jobKey }: { readonly job: MarkJob; readonly jobKey: string },
  change: Pick<MediaChange, "errorCode" | "errorMessage">,
): Promise<boolean> {
  for (;;) {
    const [row] = await repository.get([job.mediaId]);
    if (!row || !wantsMark(row, job) || !isStillOf(jobKey, row)) return false;
    const failed = { ...change, state: "failed" } as const;
    if (await repository.change(row.id, row.version, failed, { event: "media.failed" })) return true;
  }
}

/** @param tries How often it was tried. */
export function gaveUpMessage(tries: number, reason: string): string {
  return `Marking was tried ${tries} times and did not work. The original is safe in the store; try again later. Last reason: ${reason}`;
}

const LETTERS_AT_ONCE = 200;

/**
 * Tells the rows of jobs that were buried while nobody could say so (a worker that died on the last delivery, a
 * database that did not answer). Rows that somebody asked to mark again since are left alone. Answers how many.
 */
export async function failBuriedJobs(queue: Queue, repository: MediaRepository): Promise<number> {
  let failed = 0;
  for (const letter of await queue.deadLetters(LETTERS_AT_ONCE)) {
    const parsed = markJobSchema.safeParse(letter.payload);
    if (!parsed.success) continue;
    const job = parsed.data;
    const [row] = await repository.get([job.mediaId]);
    if (!row || !wantsMark(row, job) || !isStillOf(letter.key, row)) continue;
    const change = {
      state: "failed",
      errorCode: "mark.gave_up",
      errorMessage: gaveUpMessage(letter.attempts, letter.error),
    } as const;
    if (await repository.change(row.id, row.version, change, { event: "media.failed" })) failed += 1;
  }
  return failed;
}

/** A job is written with its row's version, and `marking` is one change more; whatever is above that came later. */
function isStillOf(jobKey: string, row: MediaRow): boolean {
  const own = row.state === "marking" ? row.version - 1 : row.version;
  return jobKey === markJobKey(row.id, own);
}

import { type MarkJob, markJobSchema } from "#contracts/mark-job.ts";
import { backoffMs } from "#kernel/backoff.ts";
import type { ByteBudget } from "#kernel/byte-budget.ts";
import { throwIfAborted } from "#kernel/cancellation.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { ImageMarker, MarkedPicture } from "../services/ports/image-marker.ts";
import type { MediaRepository, MediaRow } from "../services/ports/media-repository.ts";
import type { ObjectStore } from "../services/ports/object-store.ts";
import type { Lease, Queue } from "../services/ports/queue.ts";
import type { RateLimiter } from "../services/ports/rate-limiter.ts";
import type { TemplateRepository } from "../services/ports/template-repository.ts";
import { fetchOriginal } from "./fetch-original.ts";
import { gaveUpMessage, settleRow, wantsMark } from "./media-outcome.ts";
import { type MarkFor, templateMark } from "./template-mark.ts";

export interface MarkWorkerDeps {
  readonly queue: Queue;
  readonly repository: MediaRepository;
  readonly templates: TemplateRepository;
  readonly store: ObjectStore;
  readonly marker: ImageMarker;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Failures that another try would only repeat. Everything else may be a fault of the moment. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set([
  "picture.unsupported_heic",
  "picture.unsupported_raw",
  "picture.unsupported",
  "picture.truncated",
  "picture.corrupt",
  "picture.too_large",
  "picture.glyph_missing",
  "upload.checksum_mismatch",
  "upload.size_mismatch",
  "invalid_argument",
  "mark.failed",
  "not_found",
]);

/** What became of one delivery of a job. */
export type JobOutcome = "marked" | "dropped" | "failed" | "retried" | "given_back";

/**
 * Works on one delivery of one job, to its end: the job is acknowledged, given back or buried when this resolves.
 * Never rejects for a fault of the picture, the store or the database. An abort gives the job back.
 */
export async function runJob(
  lease: Lease,
  deps: MarkWorkerDeps,
  originals: ByteBudget,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const { queue, logger, random } = deps;
  const parsed = markJobSchema.safeParse(lease.payload);
  if (!parsed.success) {
    logger.error("mark.failed", { jobId: lease.id, code: "invalid_argument", reason: parsed.error.message });
    await queue.bury(lease, `Not a mark job: ${parsed.error.message}`);
    return "failed";
  }
  const job = parsed.data;
  const log = logger.child({ traceId: job.traceId, jobId: lease.id, mediaId: job.mediaId });
  try {
    const outcome = await markOnce(job, deps, originals, signal, log, lease);
    await queue.ack(lease);
    return outcome;
  } catch (thrown) {
    const error = AppError.from(thrown);
    if (signal.aborted) {
      log.info("mark.given_back", { attempt: lease.attempt });
      await queue.retry(lease, 0, "The worker stopped.");
      return "given_back";
    }
    const permanent = PERMANENT.has(error.code);
    log[permanent ? "info" : "warn"]("mark.failed", {
      code: error.code,
      reason: error.message,
      ...error.details,
      attempt: lease.attempt,
      permanent,
    });
    if (permanent) {
      await settleRow(deps.repository, job, {
        state: "failed",
        errorCode: error.code,
        errorMessage: error.message,
      });
      await queue.ack(lease);
      return "failed";
    }
    if (lease.attempt < lease.maxAttempts) {
      await queue.retry(lease, backoffMs(lease.attempt, random), error.message);
      return "retried";
    }
    await settleRow(deps.repository, job, {
      state: "failed",
      errorCode: "mark.gave_up",
      errorMessage: gaveUpMessage(lease.attempt, error.message),
    });
    await queue.bury(lease, error.message);
    return "failed";
  }
}

async function markOnce(
  job: MarkJob,
  deps: MarkWorkerDeps,
  originals: ByteBudget,
  signal: AbortSignal,
  log: Logger,
  lease: Lease,
): Promise<"marked" | "dropped"> {
  const { limiter, store, marker, clock } = deps;
  if (!(await enterMarking(job, deps.repository))) {
    log.info("mark.dropped", { attempt: lease.attempt });
    return "dropped";
  }
  const startedAt = clock.now();
  log.info("mark.started", { attempt: lease.attempt, size: job.size });
  await limiter.acquire({ signal });
  const markFor = await templateMark(job, deps.templates, startedAt);
  const picture = await markOriginal(job, markFor, store, marker, originals, signal);
  throwIfAborted(signal);
  // Somebody may have asked for another mark meanwhile; its object must not be overwritten with this one.
  const [row] = await deps.repository.get([job.mediaId]);
  if (!row || !wantsMark(row, job)) {
    log.info("mark.dropped", { attempt: lease.attempt });
    return "dropped";
  }
  const markedKey = markedKeyOf(job.objectKey);
  await store.put(markedKey, picture.body, {
    contentType: picture.contentType,
    sha256: picture.sha256,
    metadata: { "trace-id": job.traceId, "source-sha256": job.sha256 },
    signal,
  });
  const settled = await settleRow(deps.repository, job, {
    state: "marked",
    markedKey,
    errorCode: null,
    errorMessage: null,
  });
  log.info(settled ? "mark.finished" : "mark.dropped", {
    ms: clock.now() - startedAt,
    width: picture.width,
    height: picture.height,
    frames: picture.frames,
    size: picture.body.length,
  });
  return settled ? "marked" : "dropped";
}

async function markOriginal(
  job: MarkJob,
  markFor: MarkFor,
  store: ObjectStore,
  marker: ImageMarker,
  originals: ByteBudget,
  signal: AbortSignal,
): Promise<MarkedPicture> {
  using _held = await originals.acquire(job.size, { signal });
  const original = await fetchOriginal(store, job, signal);
  return await marker.mark(original, { mark: markFor(original), signal });
}

/** False when the row no longer wants this job's mark, or has it. Another worker's `marking` is taken over. */
async function enterMarking(job: MarkJob, repository: MediaRepository): Promise<boolean> {
  for (;;) {
    const [row]: readonly (MediaRow | undefined)[] = await repository.get([job.mediaId]);
    if (!row || !wantsMark(row, job)) return false;
    if (row.state === "marking") return true;
    if (await repository.change(row.id, row.version, { state: "marking" }, { event: "media.marking" }))
      return true;
  }
}

/** `raw/studio/1.jpg` → `watermarked/studio/1.jpg`. */
export function markedKeyOf(objectKey: string): string {
  return `watermarked/${objectKey.replace(/^raw\//, "")}`;
}

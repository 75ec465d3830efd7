import { isTemplateRef } from "#contracts/mark.ts";
import { type MarkJob, markJobSchema } from "#contracts/mark-job.ts";
import { roomForSplice } from "#imaging/jpeg/splice-mark.ts";
import { backoffMs } from "#kernel/backoff.ts";
import type { ByteBudget } from "#kernel/byte-budget.ts";
import { throwIfAborted } from "#kernel/cancellation.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { SharedBuffers } from "#kernel/shared-buffers.ts";
import { noTracer, type Tracer, traced } from "#kernel/tracer.ts";
import type { ImageMarker } from "../services/ports/image-marker.ts";
import type { MediaRepository, MediaRow } from "../services/ports/media-repository.ts";
import type { ObjectStore } from "../services/ports/object-store.ts";
import type { PictureProver } from "../services/ports/picture-prover.ts";
import type { Lease, Queue } from "../services/ports/queue.ts";
import type { RateLimiter } from "../services/ports/rate-limiter.ts";
import type { SwapLedger } from "../services/ports/swap-ledger.ts";
import type { TemplateRepository } from "../services/ports/template-repository.ts";
import { publishPicture } from "../services/publish-picture.ts";
import type { StepObserver } from "../services/publish-steps.ts";
import { publicKeyOf } from "../services/swap.ts";
import { fetchOriginal } from "./fetch-original.ts";
import { isStillInUse, markAndProve } from "./mark-and-prove.ts";
import { failRow, gaveUpMessage, wantsMark } from "./media-outcome.ts";
import type { PinnedTemplate, PinnedTemplates } from "./pinned-templates.ts";

export interface MarkWorkerDeps {
  readonly queue: Queue;
  readonly repository: MediaRepository;
  readonly templates: TemplateRepository;
  readonly store: ObjectStore;
  readonly ledger: SwapLedger;
  readonly marker: ImageMarker;
  readonly prover: PictureProver;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** @default none */
  readonly tracer?: Tracer;
  /** Looks on; see `publishPicture`. */
  readonly steps?: StepObserver | undefined;
}

/** What all jobs of one worker share. */
export interface WorkerHoldings {
  /** Bytes of originals and their successors in memory. */
  readonly originals: ByteBudget;
  /** Where these bytes are. */
  readonly buffers: SharedBuffers;
  readonly templates: PinnedTemplates;
  /** How long a job waits when the store is away. */
  readonly awayDelayMs: number;
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
  "proof.failed",
  "template.unknown",
  "not_found",
]);

/** The store's fault, not the picture's: it waits until the store is back, for as long as that takes. */
const STORE_AWAY: ReadonlySet<ErrorCode> = new Set(["store.unreachable", "store.slow_down"]);

/** What became of one delivery of a job. */
export type JobOutcome = "marked" | "dropped" | "failed" | "retried" | "postponed" | "given_back";

/**
 * Works on one delivery of one job, to its end: the job is acknowledged, given back or buried when this resolves.
 * Never rejects for a fault of the picture, the store or the database. An abort gives the job back.
 */
export async function runJob(
  lease: Lease,
  deps: MarkWorkerDeps,
  holdings: WorkerHoldings,
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
  const { cause } = job;
  const log = logger.child({
    traceId: job.traceId,
    jobId: lease.id,
    mediaId: job.mediaId,
    ...(cause && { requestId: cause.requestId }),
  });
  try {
    const outcome = await markTraced(job, deps, holdings, signal, log, lease);
    await queue.ack(lease);
    return outcome;
  } catch (thrown) {
    const error = AppError.from(thrown);
    if (signal.aborted) {
      log.info("mark.given_back", { attempt: lease.attempt });
      await queue.postpone(lease, 0, "The worker stopped.");
      return "given_back";
    }
    if (STORE_AWAY.has(error.code)) {
      log.warn("mark.postponed", { code: error.code, reason: error.message, ...error.details });
      await queue.postpone(lease, backoffMs(1, random, { baseMs: holdings.awayDelayMs }), error.message);
      return "postponed";
    }
    const permanent = PERMANENT.has(error.code);
    if (error.code === "proof.failed")
      log.error("proof.failed", { objectKey: job.objectKey, reason: error.message, ...error.details });
    log[permanent ? "info" : "warn"]("mark.failed", {
      code: error.code,
      reason: error.message,
      ...error.details,
      attempt: lease.attempt,
      permanent,
    });
    const fail = (errorCode: ErrorCode, errorMessage: string) =>
      failRow(deps.repository, { job, jobKey: lease.key }, { errorCode, errorMessage });
    if (permanent) {
      await fail(error.code, error.message);
      await queue.ack(lease);
      return "failed";
    }
    if (lease.attempt < lease.maxAttempts) {
      await queue.retry(lease, backoffMs(lease.attempt, random), error.message);
      return "retried";
    }
    await fail("mark.gave_up", gaveUpMessage(lease.attempt, error.message));
    await queue.bury(lease, error.message);
    return "failed";
  }
}

/** The picture's trace has a span for each delivery, linked to the request that asked for the mark: that one's trace
 *  ends with its answer, and the picture's goes on over all requests. */
async function markTraced(
  job: MarkJob,
  deps: MarkWorkerDeps,
  holdings: WorkerHoldings,
  signal: AbortSignal,
  log: Logger,
  lease: Lease,
): Promise<"marked" | "dropped"> {
  const { tracer = noTracer } = deps;
  const { traceId, cause } = job;
  const span = tracer.start("mark", {
    kind: "consumer",
    traceId,
    links: cause ? [cause] : [],
    attributes: {
      "messaging.message.id": lease.id,
      "platemark.media.id": job.mediaId,
      "platemark.attempt": lease.attempt,
      "platemark.size": job.size,
      ...(cause && { "platemark.request.id": cause.requestId }),
    },
  });
  try {
    const work = () => markOnce(job, deps, holdings, signal, log, lease);
    const outcome = await tracer.within(span, cause ?? null, work);
    span.set({ "platemark.outcome": outcome });
    return outcome;
  } catch (error) {
    span.fail(AppError.from(error).code);
    throw error;
  } finally {
    span.end();
  }
}

async function markOnce(
  job: MarkJob,
  deps: MarkWorkerDeps,
  holdings: WorkerHoldings,
  signal: AbortSignal,
  log: Logger,
  lease: Lease,
): Promise<"marked" | "dropped"> {
  const { limiter, repository } = deps;
  const row = await enterMarking(job, repository);
  if (!row) {
    log.info("mark.dropped", { attempt: lease.attempt });
    return "dropped";
  }
  log.info("mark.started", { attempt: lease.attempt, size: job.size });
  await limiter.acquire({ signal });
  // The original and its successor, which is about as large.
  using _held = await holdings.originals.acquire(2 * job.size, { signal });
  const template = await holdings.templates.of(job.mark);
  return await holdings.buffers.during(
    (lend) =>
      markAndPublish(
        job,
        row,
        template,
        { original: lend(job.size), room: lend(roomForSplice(job.size)) },
        deps,
        log,
        signal,
      ),
    (error) => isStillInUse(error, signal),
  );
}

/** Where an original and its marked version lie. */
interface PictureMemory {
  readonly original: Uint8Array;
  readonly room: Uint8Array;
}

async function markAndPublish(
  job: MarkJob,
  row: MediaRow,
  template: PinnedTemplate,
  memory: PictureMemory,
  deps: MarkWorkerDeps,
  log: Logger,
  signal: AbortSignal,
): Promise<"marked" | "dropped"> {
  const { repository, clock, random, steps, tracer = noTracer } = deps;
  const startedAt = clock.now();
  const { original, room } = memory;
  await traced(tracer, "fetch", {}, () => fetchOriginal(deps.store, job, original, signal));
  const { picture, proof } = await markAndProve(
    {
      original,
      sha256: job.sha256,
      room,
      fileName: row.fileName,
      owner: row.owner,
      ...(isTemplateRef(job.mark) && { values: job.mark.values, sequence: job.mark.sequence }),
      objectKey: job.objectKey,
      markedKey: publicKeyOf(job.objectKey),
      traceId: job.traceId,
    },
    template,
    deps,
    {
      onIncomplete: ({ code, message }) =>
        log.info("template.incomplete", { template: template.name, code, reason: message }),
      signal,
    },
  );
  throwIfAborted(signal);
  const publish = () =>
    publishPicture(
      { ...deps, logger: log, steps },
      {
        id: random.uuid(),
        row,
        picture,
        proof,
        template,
        markSpec: row.markSpec,
        traceId: job.traceId,
        requestId: job.cause?.requestId,
        // Somebody may have asked for a mark anew meanwhile, for the same one too: this job's turn is the row's version.
        isWanted: async () => (await repository.get([job.mediaId]))[0]?.version === row.version,
        settle: async (published, swapId) => {
          const markedKey = publicKeyOf(job.objectKey);
          const change = {
            state: "marked",
            markedKey,
            published,
            errorCode: null,
            errorMessage: null,
          } as const;
          const then = { event: "media.marked", swapDone: swapId };
          return (await repository.change(row.id, row.version, change, then)) !== null;
        },
      },
      signal,
    );
  const published = await traced(tracer, "publish", {}, publish);
  log.info(published ? "mark.finished" : "mark.dropped", {
    ms: clock.now() - startedAt,
    width: picture.width,
    height: picture.height,
    frames: picture.frames,
    size: picture.body.length,
    path: picture.path,
    proof: proof.class,
  });
  return published ? "marked" : "dropped";
}

/** The row in `marking`; `null` when it no longer wants this job's mark, or has it. Another worker's `marking` is taken
 *  over. */
async function enterMarking(job: MarkJob, repository: MediaRepository): Promise<MediaRow | null> {
  for (;;) {
    const [row]: readonly (MediaRow | undefined)[] = await repository.get([job.mediaId]);
    if (!row || !wantsMark(row, job)) return null;
    if (row.state === "marking") return row;
    const entered = await repository.change(
      row.id,
      row.version,
      { state: "marking" },
      { event: "media.marking" },
    );
    if (entered) return entered;
  }
}

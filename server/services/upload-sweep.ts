import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { BackgroundTask } from "./background-task.ts";
import type { Bell } from "./bell.ts";
import type { MediaRepository, MediaRow } from "./ports/media-repository.ts";
import type { ObjectStore } from "./ports/object-store.ts";

export interface SweepDeps {
  readonly repository: MediaRepository;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly commits: Bell;
}

const HOUR_MS = 3_600_000;
const STALE_AFTER_MS = 7 * 24 * HOUR_MS;
const BATCH = 100;

/** Gives up uploads that nobody has touched for 7 days (spec.md S1), because not every store does (MinIO refuses the
 *  rule). The row fails with `upload.gone`; announced again, the picture is sent afresh. */
export class UploadSweep implements AsyncDisposable {
  readonly #deps: SweepDeps;
  readonly #task = new BackgroundTask();

  constructor(deps: SweepDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#task.start(() => this.#run());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#task[Symbol.asyncDispose]();
  }

  /** One pass; answers how many were given up. */
  async sweep(): Promise<number> {
    const { repository, clock } = this.#deps;
    let given = 0;
    for (;;) {
      const stale = await repository.staleUploads(clock.now() - STALE_AFTER_MS, BATCH);
      let progress = 0;
      for (const row of stale) if (await this.#giveUp(row)) progress++;
      given += progress;
      if (stale.length < BATCH || progress === 0) return given;
    }
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#deps;
    while (!this.#task.signal.aborted) {
      try {
        const given = await this.sweep();
        if (given > 0) logger.info("uploads.swept", { given });
      } catch (error) {
        const { code, message } = AppError.from(error);
        logger.warn("uploads.sweep_failed", { code, reason: message });
      }
      await clock.sleep(HOUR_MS, { signal: this.#task.signal }).catch(() => {});
    }
  }

  /** The row first: nobody completes what is being removed. */
  async #giveUp(row: MediaRow): Promise<boolean> {
    const { repository, store, commits } = this.#deps;
    const failed = await repository.change(
      row.id,
      row.version,
      {
        state: "failed",
        uploadId: null,
        partSize: null,
        errorCode: "upload.gone",
        errorMessage: "Nobody finished this upload within 7 days.",
      },
      { event: "media.failed" },
    );
    if (!failed) return false;
    commits.ring();
    if (row.uploadId !== null) await store.abortMultipart(row.objectKey, row.uploadId);
    await store.remove(row.objectKey);
    return true;
  }
}

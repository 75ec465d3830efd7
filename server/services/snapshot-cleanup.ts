import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { BackgroundTask } from "./background-task.ts";
import type { Swap } from "./ports/swap-ledger.ts";
import type { SwapDeps } from "./swap.ts";
import { removeLeftovers, resolveSwap } from "./swap-recovery.ts";

export interface CleanupDeps extends SwapDeps {
  readonly clock: Clock;
}

export interface CleanupReport {
  /** Snapshots removed because they were old. */
  readonly expired: number;
  /** Swaps of dead workers that were brought to an end: put right, or what they left removed. */
  readonly resolved: number;
  /** What could not be done; it is tried again in the next pass. */
  readonly failed: number;
}

const HOUR_MS = 3_600_000;
const PASS_EVERY_MS = HOUR_MS;
/** Sooner, when something failed or more is waiting. */
const NEXT_LOOK_MS = 5 * 60_000;
/** A swap that nobody has ended for so long belongs to a worker that is dead. */
const DEAD_AFTER_MS = 24 * HOUR_MS;
/** By then no request of an abandoned swap is on its way any more. */
const SETTLED_AFTER_MS = HOUR_MS;
/** Of each kind, in one pass. */
const BATCH = 500;
/** A store that is away for a moment is no alert; failing twice in a row is. */
const ALERT_AFTER = 2;

/**
 * Removes snapshots that are older than asked for, and what dead workers have left behind (spec.md S15): a bounded number
 * in a pass, each as often as need be. Where it keeps failing, an operator hears of it: `snapshot.cleanup_failed` in the
 * log at error level, and the health report's component `snapshots`.
 */
export class SnapshotCleanup implements AsyncDisposable {
  readonly #deps: CleanupDeps;
  readonly #keepMs: number;
  readonly #task = new BackgroundTask();
  #failures = 0;
  #trouble = "";

  /** @param options.keepMs How long snapshots are kept, in milliseconds. */
  constructor(deps: CleanupDeps, options: { readonly keepMs: number }) {
    this.#deps = deps;
    this.#keepMs = options.keepMs;
  }

  /** Why cleaning up keeps failing; "" while it works. */
  get trouble(): string {
    return this.#failures >= ALERT_AFTER ? this.#trouble : "";
  }

  start(): void {
    this.#task.start(() => this.#run());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#task[Symbol.asyncDispose]();
  }

  /** One pass. Never rejects: what fails is counted, told and tried again. */
  async pass(): Promise<CleanupReport> {
    const report = { expired: 0, resolved: 0, failed: 0 };
    let first: AppError | null = null;
    const attempt = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        report.failed += 1;
        first ??= AppError.from(error);
      }
    };
    const { ledger, clock } = this.#deps;
    const nowMs = clock.now();
    // Before others are abandoned: these must have been so for a while.
    await attempt(async () => {
      const before = { abandonedMs: nowMs - SETTLED_AFTER_MS, doneMs: nowMs - this.#keepMs };
      for (const swap of await ledger.removable(before, BATCH))
        await attempt(async () => {
          await this.#remove(swap);
          if (swap.state === "done") report.expired += 1;
        });
    });
    await attempt(async () => {
      for (const swap of await ledger.stale(nowMs - DEAD_AFTER_MS, BATCH))
        await attempt(async () => {
          if ((await resolveSwap(this.#deps, swap)) !== "left") report.resolved += 1;
        });
    });
    this.#tell(report, first);
    return report;
  }

  async #run(): Promise<void> {
    const { signal } = this.#task;
    while (!signal.aborted) {
      const { expired, resolved, failed } = await this.pass();
      const soon = failed > 0 || expired + resolved >= BATCH;
      await this.#deps.clock.sleep(soon ? NEXT_LOOK_MS : PASS_EVERY_MS, { signal }).catch(() => {});
    }
  }

  /** The proof records of what was once visible stay: whoever has the picture may ask for its proof. */
  async #remove(swap: Swap): Promise<void> {
    if (swap.state === "abandoned") await removeLeftovers(this.#deps, swap);
    else if (swap.snapshot) await this.#deps.store.remove(swap.snapshot.key);
    await this.#deps.ledger.forget(swap.id);
  }

  #tell(report: CleanupReport, failure: AppError | null): void {
    const { logger } = this.#deps;
    if (!failure) {
      this.#failures = 0;
      if (report.expired + report.resolved > 0) logger.info("snapshot.cleaned_up", { ...report });
      return;
    }
    this.#failures += 1;
    this.#trouble = `Snapshots could not be cleaned up ${this.#failures} times in a row: ${failure.message}`;
    logger[this.#failures >= ALERT_AFTER ? "error" : "warn"]("snapshot.cleanup_failed", {
      code: failure.code,
      reason: failure.message,
      failures: this.#failures,
      ...report,
    });
  }
}

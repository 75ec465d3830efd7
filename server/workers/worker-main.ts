import { systemClock } from "#kernel/clock.ts";
import { AppError, toErrorBody } from "#kernel/errors.ts";
import { systemRandom } from "#kernel/random.ts";
import { createImageMarker } from "../adapters/imaging/marker.ts";
import { createPinoLogger } from "../adapters/log/pino-logger.ts";
import { createPictureProver } from "../adapters/proof/prover.ts";
import { openTracer } from "../adapters/trace/open-tracer.ts";
import type { WorkerSettings } from "../connection-settings.ts";
import { openConnections } from "../connections.ts";
import { observeStates } from "../services/observed-states.ts";
import { openParentChannel, type ParentChannel } from "./parent-channel.ts";
import { StateReports } from "./state-reports.ts";
import { createMarkWorker } from "./worker.ts";

/**
 * The worker as a process of its own. It waits for `{type: "start", settings}`, answers `{type: "ready"}` once it takes
 * jobs or `{type: "error", error}` when it cannot, and ends by itself when its parent has gone.
 */

/** Originals wait outside the marker's budget; a quarter of it is plenty, for they are compressed. */
const ORIGINALS_SHARE = 0.25;

interface StartMessage {
  readonly type: "start";
  readonly settings: WorkerSettings;
}

function isStart(message: unknown): message is StartMessage {
  return typeof message === "object" && message !== null && "type" in message && message.type === "start";
}

function firstStart(channel: ParentChannel): Promise<WorkerSettings> {
  return new Promise((resolve) =>
    channel.onMessage((message) => isStart(message) && resolve(message.settings)),
  );
}

async function main(channel: ParentChannel): Promise<number> {
  const parentGone = new Promise<void>((resolve) => channel.onClose(resolve));
  const asked = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
  const settings = await Promise.race([firstStart(channel), parentGone, asked]);
  if (!settings) return 0;
  const logger = createPinoLogger({ level: settings.logLevel });
  try {
    const { otlpEndpoint: endpoint, version } = settings;
    const tracer = await openTracer({ endpoint, service: "platemark-worker", version }, { logger });
    await using closing = new AsyncDisposableStack();
    closing.defer(() => tracer.close());
    const deps = { clock: systemClock, random: systemRandom, logger, tracer };
    await using connections = await openConnections(settings.connections, deps);
    const marker = createImageMarker({
      threads: settings.concurrency,
      memoryBudgetBytes: settings.memoryBudgetBytes,
      ...(settings.tempDir ? { tempDir: settings.tempDir } : {}),
      logger,
    });
    const prover = createPictureProver(
      {
        threads: settings.concurrency,
        memoryBudgetBytes: settings.memoryBudgetBytes,
        key: settings.proofKey,
        version: settings.version,
      },
      deps,
    );
    try {
      await using reports = new StateReports({ ...deps, post: (message) => channel.postMessage(message) });
      reports.start();
      const repository = observeStates(connections.repository, (state, count) => reports.count(state, count));
      await using worker = createMarkWorker(
        { ...connections, repository, marker, prover, ...deps },
        {
          concurrency: settings.concurrency,
          originalsBudgetBytes: settings.memoryBudgetBytes * ORIGINALS_SHARE,
        },
      );
      worker.start();
      channel.postMessage({ type: "ready" });
      await Promise.race([parentGone, asked]);
    } finally {
      await marker.close();
      await prover.close();
    }
    return 0;
  } catch (error) {
    const { code, message } = AppError.from(error);
    logger.error("worker.failed", { code, reason: message });
    channel.postMessage({ type: "error", error: toErrorBody(error) });
    return 1;
  }
}

process.exit(await main(await openParentChannel()));

import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Settings } from "#contracts/settings.ts";
import type { ConnectionSettings, WorkerSettings } from "./connection-settings.ts";
import { loadProofKey, proofKeyPath } from "./proof-key.ts";

/** Decoded pictures that one mark may need. Bytes. */
export const MEMORY_PER_MARK = 256 * 1024 * 1024;

/**
 * What the worker processes of one machine are told. Its proofs are signed with the home folder's key, made now when
 * there is none, or with the setting's.
 * @param options.workers processes that share the cores. @default 1
 * @throws AppError `config.invalid` for a key that is none.
 */
export async function workerSettings(
  settings: Settings,
  connections: ConnectionSettings,
  options: { readonly version: string; readonly workers?: number },
): Promise<WorkerSettings> {
  const { home, logLevel, markConcurrency, otlpEndpoint, proofKey: setting } = settings;
  const { version, workers = 1 } = options;
  const concurrency = markConcurrency ?? Math.max(1, Math.floor(availableParallelism() / workers));
  return {
    connections,
    concurrency,
    memoryBudgetBytes: concurrency * MEMORY_PER_MARK,
    proofKey: await loadProofKey({ path: proofKeyPath(home), setting }),
    version,
    tempDir: join(home, "tmp"),
    otlpEndpoint,
    logLevel,
  };
}

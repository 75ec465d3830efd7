import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "#contracts/settings.ts";
import { throwIfAborted } from "#kernel/cancellation.ts";
import { type Clock, systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { type Random, systemRandom } from "#kernel/random.ts";
import { createServer, type StartedServer } from "./create-server.ts";
import { forkWorker } from "./fork-worker.ts";
import { workerSettings } from "./worker-settings.ts";
import { WorkerSupervisor } from "./worker-supervisor.ts";

export interface ServeOptions {
  readonly settings: Settings;
  /** @default 4410 */
  readonly port?: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** Worker processes on this machine; 0: they run elsewhere. @default 1 */
  readonly workers?: number;
  /** Origins whose pages may call, beside those of `originsFile`: exact or with a wildcard. @default none */
  readonly origins?: readonly string[];
  readonly version?: string;
  readonly logger: Logger;
  /** Ends it, gracefully. */
  readonly signal: AbortSignal;
  readonly onStarted?: (started: Pick<StartedServer, "url" | "serverId">) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

const DEFAULT_PORT = 4410;
/** spec.md S4: a shared server marks five pictures a second where nobody says otherwise. */
const SHARED_MARK_QPS = 5;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/**
 * `platemark serve`: the control plane and its workers, until `signal` fires.
 * @throws AppError `config.invalid` without a secret or keys of tokens; as `createServer` and `WorkerSupervisor` do.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { settings, logger, signal, clock = systemClock, random = systemRandom } = options;
  if (!settings.tokenSecret && !settings.tokenKeysFile && !settings.tokenKeysUrl)
    throw new AppError(
      "config.invalid",
      "A shared server needs PLATEMARK_TOKEN_SECRET (at least 32 characters), PLATEMARK_TOKEN_KEYS_FILE or PLATEMARK_TOKEN_KEYS_URL, to know its callers.",
      { details: { setting: "tokenSecret" } },
    );
  const host = options.host ?? "127.0.0.1";
  if (settings.s3Url === undefined && !LOOPBACK.test(host))
    throw new AppError(
      "config.invalid",
      `A server for other computers needs a store that they can reach: set PLATEMARK_S3_URL, or listen on 127.0.0.1 instead of ${host}.`,
      { details: { setting: "s3Url" } },
    );
  throwIfAborted(signal);
  await using stack = new AsyncDisposableStack();
  const server = stack.use(
    createServer(
      {
        settings,
        auth: { kind: "signed", secret: settings.tokenSecret },
        port: options.port ?? DEFAULT_PORT,
        host,
        defaultMarkQps: SHARED_MARK_QPS,
        origins: options.origins ?? [],
        version: options.version ?? "",
      },
      { clock, random, logger },
    ),
  );
  const { url, serverId, connections, reports } = await server.start();
  // The workers end first, on what the server keeps for them; its callers hear of the end at once.
  if (signal.aborted) server.drain();
  else signal.addEventListener("abort", () => server.drain(), { once: true });
  const workers = options.workers ?? 1;
  if (workers > 0) {
    await mkdir(join(settings.home, "tmp"), { recursive: true, mode: 0o700 });
    const supervisor = stack.use(
      new WorkerSupervisor(
        {
          spawn: () => forkWorker(new URL("./workers/worker-main.ts", import.meta.url)),
          clock,
          random,
          logger,
          reports,
        },
        {
          settings: await workerSettings(settings, connections, { version: options.version ?? "", workers }),
          workers,
        },
      ),
    );
    await supervisor.start();
  }
  options.onStarted?.({ url, serverId });
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

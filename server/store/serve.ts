import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { createObjectStoreServer } from "./index.ts";

export interface ServeStoreOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly host?: string | undefined;
  readonly accessKey: string;
  /** At least 8 characters. */
  readonly secretKey: string;
  readonly logger: Logger;
  /** Its abort stops the server. */
  readonly signal: AbortSignal;
}

/**
 * Runs the object store alone, until `signal` aborts. `closed` resolves when everything is on disk and the folder free.
 * @throws AppError `config.invalid` for keys that are missing or short, and what `createObjectStoreServer` throws.
 */
export async function serveStore(
  options: ServeStoreOptions,
): Promise<{ readonly url: string; readonly closed: Promise<void> }> {
  const { accessKey, secretKey, signal } = options;
  if (accessKey.length < 3 || secretKey.length < 8)
    throw new AppError(
      "config.invalid",
      "The store needs an access key of at least 3 and a secret key of at least 8 characters.",
    );
  const server = createObjectStoreServer({
    dataDir: options.dataDir,
    host: options.host,
    port: options.port,
    credentials: [{ accessKey, secretKey }],
    clock: systemClock,
    logger: options.logger,
    random: systemRandom,
  });
  try {
    const { url } = await server.start();
    const closed = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    }).then(() => server[Symbol.asyncDispose]());
    return { url, closed };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

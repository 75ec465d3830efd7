import { createHash } from "node:crypto";
import { createClient, ErrorReply } from "redis";
import { type Clock, systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { type Logger, silentLogger } from "#kernel/logger.ts";

export interface RedisScript {
  readonly lua: string;
  /** `EVALSHA` names a script by this. */
  readonly sha1: string;
  /** Running it twice is as good as once, so it is sent again when the connection broke before its answer came. */
  readonly repeatable: boolean;
}

export function redisScript(lua: string, { repeatable }: { readonly repeatable: boolean }): RedisScript {
  return { lua, sha1: createHash("sha1").update(lua).digest("hex"), repeatable };
}

export interface RedisConnectionDeps {
  readonly url: string;
  readonly logger?: Logger;
  /** Only for waiting for the connection; it must run in real time. @default systemClock */
  readonly clock?: Clock;
}

/** How long the first connection may take, and how long a call waits for one that is lost to come back. */
const CONNECT_WAIT_MS = 10_000;
const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 2_000;
/** Detects a peer that is gone without a word: a ping each so often, and the socket closed without any answer. */
const PING_INTERVAL_MS = 10_000;
const SILENCE_MS = 30_000;

type Client = ReturnType<typeof openClient>;

/** `mayGiveUp` decides after each failed try whether to end it instead of trying again. */
function openClient(url: string, mayGiveUp: (cause: Error) => boolean) {
  return createClient({
    url,
    // A command sent while the connection is away fails at once; `run` decides whether and how long to wait.
    disableOfflineQueue: true,
    pingInterval: PING_INTERVAL_MS,
    socket: {
      connectTimeout: CONNECT_WAIT_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries, cause) =>
        mayGiveUp(cause) ? cause : Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** Math.min(retries, 10)),
    },
  });
}

/**
 * One connection to Redis that comes back by itself. Connects when first used.
 * Errors: `unavailable` (backoff) while Redis does not answer, `config.invalid` when it refuses name or password,
 * `resource_exhausted` (backoff) when it is out of memory.
 */
export class RedisConnection {
  readonly #url: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #client: Promise<Client> | null = null;
  #closed = false;

  constructor({ url, logger = silentLogger, clock = systemClock }: RedisConnectionDeps) {
    this.#url = url;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Connects, if it has not. @throws AppError `unavailable` when Redis has not answered within ten seconds. */
  async connect(): Promise<void> {
    await this.#connected();
  }

  /** Sends one command. */
  command(parts: readonly string[], { repeatable }: { readonly repeatable: boolean }): Promise<unknown> {
    return this.#persist(repeatable, (client) => client.sendCommand([...parts]));
  }

  /** Runs a script; Redis keeps its text from the first run on. */
  run(
    script: RedisScript,
    keys: readonly string[],
    parameters: readonly (string | number)[],
  ): Promise<unknown> {
    const options = { keys: [...keys], arguments: parameters.map(String) };
    return this.#persist(script.repeatable, async (client) => {
      try {
        return await client.evalSha(script.sha1, options);
      } catch (error) {
        if (!(error instanceof ErrorReply) || !error.message.startsWith("NOSCRIPT")) throw error;
        return client.eval(script.lua, options);
      }
    });
  }

  /** Calls back at each message; the subscription outlives a lost connection, messages in between do not. */
  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    await this.#persist(true, (client) => client.subscribe(channel, listener));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = await this.#client?.catch(() => null);
    this.#client = null;
    if (client?.isReady) await client.close();
    else if (client?.isOpen) client.destroy();
  }

  async #persist<T>(repeatable: boolean, work: (client: Client) => Promise<T>): Promise<T> {
    const giveUpAtMs = this.#clock.now() + CONNECT_WAIT_MS;
    for (;;) {
      const client = await this.#connected();
      const sent = client.isReady;
      try {
        return await work(client);
      } catch (error) {
        const failure = redisError(error);
        const again = failure.code === "unavailable" && (repeatable || !sent) && !this.#closed;
        if (!again || this.#clock.now() >= giveUpAtMs) throw failure;
        await this.#clock.sleep(RECONNECT_MIN_MS);
      }
    }
  }

  #connected(): Promise<Client> {
    if (this.#closed)
      return Promise.reject(new AppError("unavailable", "The connection to Redis was closed."));
    this.#client ??= this.#open().catch((error: unknown) => {
      this.#client = null;
      throw error;
    });
    return this.#client;
  }

  async #open(): Promise<Client> {
    // Once connected it never gives up; before, a wrong password or a server that is not there must come out.
    let established = false;
    const giveUpAtMs = this.#clock.now() + CONNECT_WAIT_MS;
    const mayGiveUp = (cause: Error) =>
      !established &&
      (this.#closed || redisError(cause).code !== "unavailable" || this.#clock.now() >= giveUpAtMs);
    try {
      const client = openClient(this.#url, mayGiveUp);
      client.on("error", (error: Error) =>
        this.#logger.warn("redis.connection_lost", { message: redisError(error).message }),
      );
      await client.connect();
      established = true;
      return client;
    } catch (error) {
      // What `createClient` throws when it cannot read the URL.
      if (error instanceof TypeError)
        throw new AppError(
          "config.invalid",
          "The Redis URL is no Redis URL. It looks like redis://name:password@host:6379.",
          { cause: error },
        );
      throw redisError(error);
    }
  }
}

/** What a Redis error means to the rest. Neither URL nor arguments reach the message. */
export function redisError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/^(WRONGPASS|NOAUTH|NOPERM)/.test(message))
    return new AppError("config.invalid", "Redis refused the name or the password. Check the Redis URL.", {
      cause: error,
    });
  if (/^OOM/.test(message))
    return new AppError("resource_exhausted", "Redis is out of memory and takes no more jobs.", {
      retry: "backoff",
      cause: error,
    });
  if (
    error instanceof ErrorReply &&
    !/^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY )/.test(message)
  )
    return new AppError("internal", `Redis reported an error: ${message}`, { cause: error });
  return new AppError("unavailable", "Redis does not answer. Check that it runs and can be reached.", {
    retry: "backoff",
    cause: error,
  });
}

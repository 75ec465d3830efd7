import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import { BlobStore } from "./blob-store.ts";
import { BucketIndex } from "./bucket-index.ts";
import { Committer } from "./committer.ts";
import { openIndexDatabase } from "./database.ts";
import { Housekeeping } from "./housekeeping.ts";
import { LIMITS } from "./limits.ts";
import { ObjectIndex } from "./object-index.ts";
import { RequestHandler } from "./request-handler.ts";
import type { StoreParts } from "./store-parts.ts";
import { DAY_MS } from "./times.ts";
import { UploadIndex } from "./upload-index.ts";

/** Milliseconds without a byte after which a connection is given up. */
const IDLE_MS = 120_000;
const KEEP_ALIVE_MS = 65_000;
const HEADERS_MS = 30_000;
const HOUSEKEEPING_MS = 3_600_000;
/** Milliseconds that requests under way get when the server is disposed. */
const GRACE_MS = 2000;

export interface ObjectStoreServerOptions {
  /** Holds everything; made when missing. One process at a time. */
  readonly dataDir: string;
  /** @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** @default 0: any free port */
  readonly port?: number | undefined;
  /** All of them may do everything; without a signature only what a bucket's policy allows. */
  readonly credentials: readonly { readonly accessKey: string; readonly secretKey: string }[];
  /** What GetBucketLocation answers; signatures for any region are accepted. @default "us-east-1" */
  readonly region?: string | undefined;
  /** Days after which an open multipart upload is aborted. @default 7 */
  readonly staleUploadDays?: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
}

export interface ObjectStoreServer extends AsyncDisposable {
  /** Listens. Answers the endpoint, without a path.
   *  @throws AppError `home.locked`, `config.invalid`, `unavailable` when the address cannot be had. */
  start(): Promise<{ readonly url: string }>;
}

/**
 * The embedded object store: an S3 server on one folder. What it has acknowledged is on disk. Disposing ends requests
 * under way after two seconds; what they had not been acknowledged is gone.
 */
export function createObjectStoreServer(options: ObjectStoreServerOptions): ObjectStoreServer {
  const { dataDir, clock, random } = options;
  const logger = options.logger.child({ part: "store" });
  const stopping = new AbortController();
  const background: Promise<void>[] = [];
  let server: Server | undefined;
  let db: DatabaseSyncInstance | undefined;
  let parts: StoreParts | undefined;

  async function start(): Promise<{ readonly url: string }> {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    db = openIndexDatabase(join(dataDir, "index.sqlite"));
    const blobs = new BlobStore({ random }, { dataDir });
    await blobs.start();
    const objects = new ObjectIndex(db);
    parts = {
      buckets: new BucketIndex(db),
      objects,
      uploads: new UploadIndex(db),
      blobs,
      committer: new Committer({ db, blobs }),
      clock,
      random,
      region: options.region ?? "us-east-1",
    };
    const secrets = new Map(options.credentials.map(({ accessKey, secretKey }) => [accessKey, secretKey]));
    const handler = new RequestHandler({ parts, logger, secrets });
    server = createServer({
      maxHeaderSize: LIMITS.headerBytes,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: 0,
      noDelay: true,
    });
    server.setTimeout(IDLE_MS);
    server.on("request", (incoming, response) => void handler.handle(incoming, response, false));
    server.on("checkContinue", (incoming, response) => void handler.handle(incoming, response, true));
    const url = await listen(server, options.host ?? "127.0.0.1", options.port ?? 0);
    background.push(sweep(blobs, objects), keepHouse(parts));
    logger.info("store.started", { url });
    return { url };
  }

  async function sweep(blobs: BlobStore, objects: ObjectIndex): Promise<void> {
    try {
      const files = await blobs.sweep((id) => objects.isReferred(id), stopping.signal);
      logger.info("store.swept", { files });
    } catch (cause) {
      logger.error("store.sweep_failed", { cause });
    }
  }

  async function keepHouse(parts: StoreParts): Promise<void> {
    const staleUploadMs = (options.staleUploadDays ?? 7) * DAY_MS;
    const housekeeping = new Housekeeping({ parts, logger }, { staleUploadMs });
    const { signal } = stopping;
    while (!signal.aborted) {
      await housekeeping
        .run(signal)
        .catch((cause: unknown) => logger.error("store.housekeeping_failed", { cause }));
      await clock.sleep(HOUSEKEEPING_MS, { signal }).catch(() => undefined);
    }
  }

  async function dispose(): Promise<void> {
    stopping.abort(new AppError("aborted", "The object store is stopping."));
    if (server?.listening) await close(server);
    await Promise.all(background);
    await parts?.committer.idle();
    await parts?.blobs.settled();
    if (db?.isOpen) db.close();
  }

  return { start, [Symbol.asyncDispose]: dispose };
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new AppError("unavailable", `The object store cannot listen on ${host}:${port}: ${cause.message}`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      resolve(
        `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`,
      );
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlaneClient, createControlPlaneClient } from "#contracts/client.ts";
import { type Settings, settingsSchema } from "#contracts/settings.ts";
import { type Clock, systemClock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlMediaRepository } from "../../server/adapters/sql/media-repository.ts";
import { type Connections, openConnections } from "../../server/connections.ts";
import { createServer, type StartedServer } from "../../server/create-server.ts";
import { mintToken } from "../../server/edge/tokens/mint-token.ts";
import type { ServerAuth } from "../../server/server-auth.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { removeBucket } from "../support/minio-bucket.ts";
import { minioCredentials, real } from "../support/real-components.ts";
import { removeRedisKeys } from "../support/redis-keys.ts";
import { postgresTestDatabase } from "../support/test-database.ts";

export const SECRET = "a-secret-of-this-test-alone-0123456789";
export const USER = "tester";
/** Tests call as fast as they can. */
const UNLIMITED = { addressRate: 0, userRate: 0 };

/** A server's data, which outlives its processes. */
export interface Installation extends AsyncDisposable {
  readonly settings: Settings;
}

/** Everything embedded, in a folder of its own. */
export async function embeddedInstallation(): Promise<Installation> {
  const home = await mkdtemp(join(tmpdir(), "platemark-server-"));
  return {
    settings: settingsSchema.parse({ home, user: USER, ...UNLIMITED }),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}

/** MinIO, Redis and PostgreSQL, with a bucket and a schema of its own. */
export async function realInstallation(): Promise<Installation> {
  const s3Bucket = `t-${randomUUID()}`;
  const database = await postgresTestDatabase();
  if (database.settings.kind !== "postgres") throw new Error("PostgreSQL was asked for.");
  const settings = settingsSchema.parse({
    home: join(tmpdir(), s3Bucket),
    user: USER,
    ...UNLIMITED,
    s3Url: real("minio")!,
    s3AccessKey: minioCredentials.accessKey,
    s3SecretKey: minioCredentials.secretKey,
    s3Bucket,
    redisUrl: real("redis")!,
    databaseUrl: database.settings.url,
  });
  return {
    settings,
    async [Symbol.asyncDispose]() {
      const opened = await openDatabase(database.settings);
      const serverId = await createSqlMediaRepository(opened, {
        clock: systemClock,
        random: systemRandom,
      }).serverId();
      await opened.close();
      await removeRedisKeys(real("redis")!, `{platemark:queue:mark:${serverId}}`);
      await database.remove();
      await removeBucket(real("minio")!, s3Bucket);
    },
  };
}

export interface RunningServer extends AsyncDisposable, StartedServer {
  readonly logger: RecordingLogger;
  /** A client with fresh tokens of the user's, or with `token`. */
  client(options?: {
    readonly user?: string;
    readonly token?: string;
    readonly maxSize?: number;
  }): ControlPlaneClient;
  token(options?: {
    readonly user?: string;
    readonly maxSize?: number;
    readonly bucket?: string;
  }): Promise<string>;
  /** A second look at the same data, as a worker has it. */
  open(): Promise<Connections>;
}

/** Starts a server on the installation, as `platemark serve` does, without workers. */
export async function startServer(
  installation: Installation,
  options: {
    readonly clock?: Clock;
    readonly auth?: ServerAuth;
    readonly origins?: readonly string[];
    readonly logger?: Logger;
  } = {},
): Promise<RunningServer> {
  const logger = new RecordingLogger();
  const clock = options.clock ?? systemClock;
  const { settings } = installation;
  const deps = { clock, random: systemRandom, logger: options.logger ?? logger };
  const auth = options.auth ?? { kind: "signed", secret: SECRET };
  const server = createServer({ settings, auth, origins: options.origins ?? [], version: "test" }, deps);
  const started = await server.start();
  const token: RunningServer["token"] = ({ user = USER, maxSize, bucket = settings.s3Bucket } = {}) =>
    mintToken({ secret: SECRET, user, bucket, now: clock.now(), ...(maxSize ? { maxSize } : {}) });
  return {
    ...started,
    logger,
    token,
    client: ({ token: fixed, ...grant } = {}) =>
      createControlPlaneClient({ baseUrl: started.url, token: async () => fixed ?? (await token(grant)) }),
    open: () => openConnections(started.connections, deps),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export interface TestFile {
  readonly bytes: Buffer;
  readonly announcement: {
    readonly fileName: string;
    readonly size: bigint;
    readonly contentType: string;
    readonly sha256: string;
    readonly traceId: string;
    readonly markSpec: string;
  };
}

/** Random bytes that nobody has announced before. */
export function testFile(
  size = 1_000,
  overrides: Partial<TestFile["announcement"]> = {},
  bytes = randomBytes(size),
): TestFile {
  return {
    bytes,
    announcement: {
      fileName: "IMG_0001.JPG",
      size: BigInt(bytes.length),
      contentType: "image/jpeg",
      sha256: createHash("sha256").update(bytes).digest("hex"),
      traceId: randomBytes(16).toString("hex"),
      markSpec: "",
      ...overrides,
    },
  };
}

export async function send(
  signed: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  body: Uint8Array,
): Promise<{ status: number; etag: string }> {
  // `fetch` sets the length itself and refuses to be told.
  const { "content-length": _length, ...headers } = signed.headers;
  const answer = await fetch(signed.url, { method: "PUT", headers, body: body as Uint8Array<ArrayBuffer> });
  await answer.arrayBuffer();
  return { status: answer.status, etag: (answer.headers.get("etag") ?? "").replaceAll('"', "") };
}

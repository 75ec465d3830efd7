import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import type { DescMethod } from "@bufbuild/protobuf";
import { type Settings, settingsSchema } from "#contracts/settings.ts";
import { ByteBudget } from "#kernel/byte-budget.ts";
import { Cancelled } from "#kernel/cancel-reason.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { type Connections, openConnections } from "./connections.ts";
import { ADMIT_ALL, type Admission } from "./edge/admission/admission.ts";
import { createAuthorization } from "./edge/admission/authorization.ts";
import { type ClientAddresses, createClientAddresses, limitKeyOf } from "./edge/admission/client-address.ts";
import { createOneUse } from "./edge/admission/one-use.ts";
import { createDispatcher } from "./edge/dispatcher.ts";
import { header } from "./edge/exchange.ts";
import { jsonEndpoints } from "./edge/json/json-endpoints.ts";
import { jsonRoutes } from "./edge/json/json-routes.ts";
import { ConnectionLimits } from "./edge/listener/connection-limits.ts";
import { HttpServer } from "./edge/listener/http-server.ts";
import { type CorsRequest, decideCors } from "./edge/origins/cors.ts";
import type { LiveOrigins } from "./edge/origins/live-origins.ts";
import { createProbes } from "./edge/probes.ts";
import { rpcEndpoints } from "./edge/rpc-endpoints.ts";
import type { Authenticator } from "./edge/tokens/authenticator.ts";
import { WebSocketBridge } from "./edge/websocket/bridge.ts";
import { openCertificate } from "./open-certificate.ts";
import { openAuthenticator, openOrigins } from "./open-trust.ts";
import { type Operations, openAdmission, openOperations } from "./operations.ts";
import { addOperationsServices } from "./rpc/operations-services.ts";
import { createRouter } from "./rpc/router.ts";
import type { ServerAuth } from "./server-auth.ts";
import { Bell } from "./services/bell.ts";
import { EventRetention } from "./services/event-retention.ts";
import { Health } from "./services/health.ts";
import { MediaService } from "./services/media-service.ts";
import { MediaTail } from "./services/media-tail.ts";
import { OutboxRelay } from "./services/outbox-relay.ts";
import { SnapshotCleanup } from "./services/snapshot-cleanup.ts";
import { StorePreparation } from "./services/store-preparation.ts";
import { SyncService } from "./services/sync-service.ts";
import { TemplateService } from "./services/template-service.ts";
import { UploadService } from "./services/upload-service.ts";
import { UploadSweep } from "./services/upload-sweep.ts";
import { createObjectStoreServer } from "./store/index.ts";
import { loadStoreKeys } from "./store-keys.ts";
import type { WorkerReports } from "./worker-supervisor.ts";

export interface ServerOptions {
  readonly settings: Settings;
  readonly auth: ServerAuth;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** 0: any free one. @default 0 */
  readonly port?: number;
  /** Marks a second over all workers where the settings name none, 0: no limit. @default 0 */
  readonly defaultMarkQps?: number;
  /** Origins whose pages may call, beside those of `originsFile`: exact or with a wildcard. @default none */
  readonly origins?: readonly string[];
  /** What `HealthService` says. @default "" */
  readonly version?: string;
}

export interface ServerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface StartedServer {
  /** Without a path: `http://127.0.0.1:41234`. */
  readonly url: string;
  /** Names the data: a journal that speaks of another server's does not apply. */
  readonly serverId: string;
  /** What worker processes need. Holds secrets. */
  readonly connections: ConnectionSettings;
  /** To be told of worker processes, for the metrics. */
  readonly reports: WorkerReports;
}

export interface Server extends AsyncDisposable {
  /** @throws AppError `unavailable` (port taken, database or Redis away), `store.refused` (wrong keys),
   *  `config.invalid`. A store that does not answer yet is no error: it is waited for. */
  start(): Promise<StartedServer>;
  /** Says that it is going to stop: it is not ready any more, streams end and no new ones begin, calls are answered as
   *  ever. Disposing says so, too. */
  drain(): void;
}

const DEFAULT_BUCKET = settingsSchema.shape.s3Bucket.parse(undefined);
/** Originals read back at once to be hashed, where the store vouches for no checksum. */
const READ_BACK_AT_ONCE = 4;
const DAY_MS = 24 * 3_600_000;

/**
 * The control plane, on whatever the settings name and embedded parts for the rest: object store and SQLite below
 * `settings.home`, the queue in the database. The one factory for CLI, daemon, desktop app and `platemark serve`.
 */
export function createServer(options: ServerOptions, deps: ServerDeps): Server {
  const stack = new AsyncDisposableStack();
  const draining = new AbortController();
  return {
    drain: () => draining.abort(new Cancelled("draining")),
    async start() {
      await using starting = new AsyncDisposableStack();
      starting.defer(() => draining.abort(new Cancelled("draining")));
      const started = await start(starting, options, deps, draining);
      stack.use(starting.move());
      return started;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function start(
  stack: AsyncDisposableStack,
  options: ServerOptions,
  deps: ServerDeps,
  draining: AbortController,
): Promise<StartedServer> {
  const { host = "127.0.0.1", port = 0 } = options;
  const { clock, logger } = deps;
  const settled = await connectionSettings(stack, options, deps);
  const { settings, version = "", auth } = options;
  // A server of one user on one computer has nobody to tell, and nobody to keep out.
  const operations = await openOperations(
    stack,
    auth.kind === "launch" ? { ...settings, metricsPort: undefined } : settings,
    { version },
    deps,
  );
  const { tracer, components: observer } = operations;
  const connections = stack.use(await openConnections(settled, { ...deps, tracer, observer }));
  const { store } = connections;
  const preparation = stack.use(new StorePreparation({ store, ...deps }));
  await preparation.start();
  const serverId = await connections.repository.serverId();
  const shutdown = stack.adopt(new AbortController(), (controller) =>
    controller.abort(new Cancelled("draining")),
  );
  const addresses = createClientAddresses(settings.trustedProxies);
  const limits =
    auth.kind === "launch"
      ? ADMIT_ALL
      : await openAdmission(stack, settings, { ...settled, serverId, addresses, ...operations }, deps);
  const admission = createOneUse(limits, { ledger: connections.oneUse, observer: operations.calls });
  const { handle, upgrade, endpoints } = assemble(connections, options, deps, {
    serverId,
    draining: draining.signal,
    shutdown: shutdown.signal,
    stack,
    operations,
    admission,
    clientKey: (request) =>
      limitKeyOf(addresses.addressOf(request.socket.remoteAddress ?? "", (name) => header(request, name))),
    authenticator: await openAuthenticator(stack, auth, settings, deps),
    origins: await openOrigins(stack, connections, options, deps),
  });
  const isEndless = (path: string) => takesMessages(endpoints.get(path)?.rpc);
  // The program that starts an embedded server talks to it on this computer, and to nobody else.
  const certificate = auth.kind === "launch" ? null : openCertificate(stack, settings, deps);
  const tls = await certificate?.read();
  const listening = { host, port, ...httpOptions(settings, auth, addresses), ...(tls ? { tls } : {}) };
  const http = new HttpServer(handle, listening, { clock, upgrade, isEndless });
  const bound = await http.listen();
  await operations.serveMetrics({ queue: connections.queue, connections: () => http.traffic(), endpoints });
  stack.use(http);
  certificate?.follow(http);
  stack.defer(() => draining.abort(new Cancelled("draining")));
  const url = `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${bound}`;
  logger.info("server.started", {
    url,
    serverId,
    database: settled.database.kind,
    queue: settled.queue.kind,
  });
  return { url, serverId, connections: settled, reports: operations.reports };
}

function httpOptions(settings: Settings, auth: ServerAuth, addresses: ClientAddresses) {
  const {
    drainMs,
    drainNoticeMs: noticeMs,
    maxConnections: total,
    maxAddressConnections: perAddress,
  } = settings;
  if (auth.kind === "launch") return { drainMs };
  return {
    drainMs,
    noticeMs,
    limits: new ConnectionLimits({ total, perAddress, isTrusted: addresses.isTrusted }),
  };
}

/** Whether the client sends for as long as it likes. */
function takesMessages(rpc: DescMethod | null | undefined): boolean {
  return rpc?.methodKind === "client_streaming" || rpc?.methodKind === "bidi_streaming";
}

/** Services, their background work, and the dispatcher in front of them. */
function assemble(
  connections: Connections,
  { settings, auth, version = "" }: ServerOptions,
  deps: ServerDeps,
  running: {
    readonly serverId: string;
    /** Fires first: streams end, and nobody is to come any more. */
    readonly draining: AbortSignal;
    /** Fires when what is in flight has had its time. */
    readonly shutdown: AbortSignal;
    readonly stack: AsyncDisposableStack;
    readonly operations: Operations;
    readonly admission: Admission;
    /** Who a request is of, for limits by address. */
    readonly clientKey: (request: IncomingMessage) => string;
    readonly authenticator: Authenticator;
    readonly origins: LiveOrigins;
  },
) {
  const { templates, ledger, queue, store, audit, presence } = connections;
  const { serverId, draining, shutdown, stack, operations, admission, clientKey, authenticator, origins } =
    running;
  const repository = operations.counted(connections.repository);
  const commits = new Bell();
  const shared = { repository, templates, ledger, queue, store, commits, ...deps };
  const reading = new ByteBudget(READ_BACK_AT_ONCE);
  const uploads = new UploadService({ ...shared, reading, defaultMark: settings.mark });
  const tail = stack.use(new MediaTail(shared));
  const media = new MediaService({ ...shared, tail });
  const sync = new SyncService({ ...shared, tail, presence });
  const cleanup = stack.use(new SnapshotCleanup(shared, { keepMs: settings.snapshotDays * DAY_MS }));
  cleanup.start();
  const health = new Health({ ...shared, cleanup }, { serverId, version });
  stack.use(new OutboxRelay(shared)).start();
  stack.use(new UploadSweep(shared)).start();
  stack.use(new EventRetention(shared, { keepMs: settings.eventDays * DAY_MS })).start();
  const templateService = new TemplateService(shared);
  const local = auth.kind === "launch";
  const methods = createRouter(
    { uploads, media, templates: templateService, sync, health, origins, audit, logger: deps.logger },
    {
      shutdown,
      clock: deps.clock,
      local,
      cancellations: { cancelled: (_method, reason) => operations.cancelled(reason) },
    },
  );
  addOperationsServices(methods, { health, draining, clock: deps.clock }, settings);
  const routes = jsonRoutes({ uploads, media });
  const endpoints = new Map([
    ...rpcEndpoints(methods, { draining }),
    ...jsonEndpoints(routes, { compress: !local }),
  ]);
  const stations = {
    ...deps,
    tracer: operations.tracer,
    observer: operations.calls,
    decideOrigin: (request: CorsRequest) => decideCors(origins.list, request),
    admission,
    authorize: createAuthorization({ authenticator, observer: operations.calls }),
  };
  const bridge = stack.use(new WebSocketBridge({ ...stations, methods, draining, addressOf: clientKey }));
  bridge.start();
  const handle = createDispatcher({ ...stations, probes: createProbes({ health, draining }), endpoints });
  return { handle, upgrade: bridge.upgrade, endpoints };
}

/** What the settings name, and embedded parts, started here, for what they leave out. */
async function connectionSettings(
  stack: AsyncDisposableStack,
  { settings, defaultMarkQps = 0 }: ServerOptions,
  deps: ServerDeps,
): Promise<ConnectionSettings> {
  const { databaseUrl, redisUrl, home } = settings;
  return {
    database: databaseUrl
      ? { kind: "postgres", url: databaseUrl }
      : { kind: "sqlite", path: join(home, databaseName(settings)) },
    queue: redisUrl ? { kind: "redis", url: redisUrl } : { kind: "database" },
    store: {
      region: settings.s3Region,
      bucket: settings.s3Bucket,
      ...(await storeAccess(stack, settings, deps)),
    },
    markQps: settings.markQps ?? defaultMarkQps,
  };
}

/** One file for each store and bucket: what one store holds says nothing about another. */
function databaseName({ s3Url, s3Bucket }: Settings): string {
  if (s3Url === undefined && s3Bucket === DEFAULT_BUCKET) return "server.sqlite";
  const store = `${s3Url === undefined ? "embedded" : new URL(s3Url).origin}/${s3Bucket}`;
  return `server-${createHash("sha256").update(store).digest("hex").slice(0, 12)}.sqlite`;
}

async function storeAccess(
  stack: AsyncDisposableStack,
  settings: Settings,
  deps: ServerDeps,
): Promise<{ readonly endpoint: string; readonly accessKey: string; readonly secretKey: string }> {
  const { s3Url, s3AccessKey = "", s3SecretKey = "", home } = settings;
  if (s3Url) return { endpoint: new URL(s3Url).origin, accessKey: s3AccessKey, secretKey: s3SecretKey };
  const keys = await loadStoreKeys(join(home, "store-keys.json"));
  const dataDir = join(home, "store");
  const region = settings.s3Region;
  const embedded = stack.use(createObjectStoreServer({ dataDir, region, credentials: [keys], ...deps }));
  const { url } = await embedded.start();
  return { endpoint: url, ...keys };
}

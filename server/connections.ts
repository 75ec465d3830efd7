import type { Clock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import { noTracer, type Tracer } from "#kernel/tracer.ts";
import { guardDatabase, guardQueue, guardStore } from "./adapters/guard/guarded-connections.ts";
import { createMemoryPresenceBoard } from "./adapters/memory/presence-board.ts";
import { unlimited } from "./adapters/memory/rate-limiter.ts";
import { createS3ObjectStore } from "./adapters/s3/object-store.ts";
import { createSqlAuditLog } from "./adapters/sql/audit-log.ts";
import { type Database, openDatabase } from "./adapters/sql/database.ts";
import { createSqlMediaRepository } from "./adapters/sql/media-repository.ts";
import { createSqlOneUseLedger } from "./adapters/sql/one-use-ledger.ts";
import { createSqlQueue } from "./adapters/sql/queue.ts";
import { createSqlRateLimiter } from "./adapters/sql/rate-limiter.ts";
import { createSqlSwapLedger } from "./adapters/sql/swap-ledger.ts";
import { createSqlTemplateRepository } from "./adapters/sql/template-repository.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import type { AuditLog } from "./services/ports/audit-log.ts";
import { type ComponentObserver, unobserved } from "./services/ports/component-observer.ts";
import type { MediaRepository } from "./services/ports/media-repository.ts";
import type { ObjectStore } from "./services/ports/object-store.ts";
import type { OneUseLedger } from "./services/ports/one-use-ledger.ts";
import type { PresenceBoard } from "./services/ports/presence-board.ts";
import type { Queue } from "./services/ports/queue.ts";
import type { RateLimiter } from "./services/ports/rate-limiter.ts";
import type { SwapLedger } from "./services/ports/swap-ledger.ts";
import type { TemplateRepository } from "./services/ports/template-repository.ts";

/** Names the queue of mark jobs and their rate limit; with the server's id, so that installations that share a Redis do
 *  not take each other's jobs. */
const markName = (serverId: string) => `mark:${serverId}`;

export interface ConnectionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** @default none */
  readonly tracer?: Tracer;
  /** @default nobody */
  readonly observer?: ComponentObserver;
}

export interface Connections extends AsyncDisposable {
  readonly repository: MediaRepository;
  readonly templates: TemplateRepository;
  readonly ledger: SwapLedger;
  readonly queue: Queue;
  readonly limiter: RateLimiter;
  readonly store: ObjectStore;
  readonly audit: AuditLog;
  readonly oneUse: OneUseLedger;
  readonly presence: PresenceBoard;
  close(): Promise<void>;
}

/**
 * Opens everything one process of the server needs: the one place that knows which adapter stands behind a port.
 * Database, queue and store stand behind breakers (docs/adr/0023). The queue is started; the bucket is not touched (see `ObjectStore.ensureReady`).
 * @throws AppError `unavailable` when a database or Redis does not answer; what was opened is closed again.
 */
export async function openConnections(
  settings: ConnectionSettings,
  deps: ConnectionDeps,
): Promise<Connections> {
  const { clock, random, logger, tracer = noTracer, observer = unobserved } = deps;
  const eyes = { clock, logger, tracer, observer };
  await using opened = new AsyncDisposableStack();
  const database = await openDatabase(settings.database, deps);
  opened.defer(() => database.close());
  const repository = createSqlMediaRepository(database, { clock, random });
  opened.defer(() => repository.close());
  const templates = createSqlTemplateRepository(database, { clock });
  const ledger = createSqlSwapLedger(database, { clock });
  opened.defer(() => ledger.close());
  const serverId = await repository.serverId();
  const name = markName(serverId);
  const queue = await openQueue(settings, database, name, deps);
  opened.defer(() => queue.close());
  await queue.start();
  const limiter = await openLimiter(settings, database, name, deps);
  opened.defer(() => limiter.close());
  const oneUse = await openOneUseLedger(settings, database, name, deps);
  opened.defer(() => oneUse.close());
  const presence = opened.use(await openPresenceBoard(settings, serverId, deps));
  const audit = createSqlAuditLog(database);
  const store = createS3ObjectStore(settings.store, { clock, logger, outgoing: () => tracer.outgoing() });
  opened.defer(() => store.close());
  const everything = opened.move();
  const close = () => everything.disposeAsync();
  return {
    ...guardDatabase({ repository, templates, ledger, audit }, eyes),
    queue: guardQueue(queue, eyes),
    store: guardStore(store, eyes),
    limiter,
    oneUse,
    presence,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Redis' client is loaded where it is used: it costs every process some 40 MB. */
async function openQueue(
  { queue }: ConnectionSettings,
  database: Database,
  name: string,
  deps: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
): Promise<Queue> {
  if (queue.kind === "database") return createSqlQueue(database, { ...deps, name });
  const { createRedisQueue } = await import("./adapters/redis/queue.ts");
  return createRedisQueue({ url: queue.url, name, ...deps });
}

/** A shared limit lives where the jobs live. */
async function openLimiter(
  { markQps, queue }: ConnectionSettings,
  database: Database,
  name: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<RateLimiter> {
  if (markQps <= 0) return unlimited;
  if (queue.kind === "database") return createSqlRateLimiter(database, { name, perSecond: markQps, clock });
  const { createRedisRateLimiter } = await import("./adapters/redis/rate-limiter.ts");
  return createRedisRateLimiter({ url: queue.url, name, perSecond: markQps, clock, logger });
}

/** Where the jobs live, every server of the installation looks; Redis forgets void tokens by itself. */
async function openOneUseLedger(
  { queue }: ConnectionSettings,
  database: Database,
  name: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<OneUseLedger> {
  if (queue.kind === "database") return createSqlOneUseLedger(database, { clock });
  const { createRedisOneUseLedger } = await import("./adapters/redis/one-use-ledger.ts");
  return createRedisOneUseLedger({ url: queue.url, name, clock, logger });
}

/** Nobody's presence is worth a write to the database each few seconds; Redis is there for that. */
async function openPresenceBoard(
  { queue }: ConnectionSettings,
  serverId: string,
  deps: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
): Promise<PresenceBoard> {
  if (queue.kind === "database") return createMemoryPresenceBoard();
  const { createRedisPresenceBoard } = await import("./adapters/redis/presence-board.ts");
  return createRedisPresenceBoard({ url: queue.url, name: serverId, ...deps });
}

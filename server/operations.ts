import type { Settings } from "#contracts/settings.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Tracer } from "#kernel/tracer.ts";
import { openWhenAway } from "./adapters/guard/open-when-away.ts";
import { createMemoryCallLimiter } from "./adapters/memory/call-limiter.ts";
import { openTracer } from "./adapters/trace/open-tracer.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { ADMIT_ALL, type Admission } from "./edge/admission/admission.ts";
import type { ClientAddresses } from "./edge/admission/client-address.ts";
import { callLimitOf, createRateLimits } from "./edge/admission/rate-limits.ts";
import { type CallObserver, unwatched } from "./edge/call-observer.ts";
import type { Endpoint } from "./edge/endpoint.ts";
import type { MetricsSources, ServerMetrics } from "./edge/metrics/server-metrics.ts";
import { observeStates } from "./services/observed-states.ts";
import type { CallLimiter } from "./services/ports/call-limiter.ts";
import { type ComponentObserver, unobserved } from "./services/ports/component-observer.ts";
import type { MediaRepository } from "./services/ports/media-repository.ts";
import type { WorkerReports } from "./worker-supervisor.ts";

/** What a server's operators look through, and what keeps it up. */
export interface Operations {
  readonly tracer: Tracer;
  readonly calls: CallObserver;
  readonly components: ComponentObserver;
  readonly reports: WorkerReports;
  /** Told why, each time that a call ends before its end. */
  cancelled(reason: string): void;
  counted(repository: MediaRepository): MediaRepository;
  /** Answers `/metrics` where the settings want it; the URL, or `null`. */
  serveMetrics(
    sources: MetricsSources & { readonly endpoints: ReadonlyMap<string, Endpoint> },
  ): Promise<string | null>;
}

interface OperationsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Metrics and spans, each loaded and made only where a setting asks for it. */
export async function openOperations(
  stack: AsyncDisposableStack,
  settings: Pick<Settings, "otlpEndpoint" | "metricsPort">,
  options: { readonly version: string },
  deps: OperationsDeps,
): Promise<Operations> {
  const { otlpEndpoint: endpoint, metricsPort: port } = settings;
  const tracer = await openTracer({ endpoint, service: "platemark-server", ...options }, deps);
  stack.defer(() => tracer.close());
  if (port === undefined)
    return {
      tracer,
      calls: unwatched,
      components: unobserved,
      reports: { pictures() {}, ended() {} },
      cancelled() {},
      counted: (repository) => repository,
      serveMetrics: async () => null,
    };
  let endpoints: ReadonlyMap<string, Endpoint> = new Map();
  const { ServerMetrics: Metrics } = await import("./edge/metrics/server-metrics.ts");
  const { MetricsServer } = await import("./edge/metrics/metrics-server.ts");
  const metrics: ServerMetrics = new Metrics({ ...deps, endpointAt: (path) => endpoints.get(path) });
  return {
    tracer,
    calls: metrics,
    components: metrics,
    reports: {
      pictures: (state, count) => metrics.pictureIs(state, count),
      ended: () => metrics.workerEnded(),
    },
    cancelled: (reason) => metrics.cancelled(reason),
    counted: (repository) => observeStates(repository, (state, count) => metrics.pictureIs(state, count)),
    async serveMetrics({ endpoints: known, ...sources }) {
      endpoints = known;
      metrics.watch(sources);
      const server = stack.use(new MetricsServer(metrics, { port }));
      const url = await server.listen();
      deps.logger.info("metrics.started", { url });
      return url;
    },
  };
}

/** The limits of a server that others reach; one that is embedded has a single caller, who is its own. */
export async function openAdmission(
  stack: AsyncDisposableStack,
  settings: Pick<Settings, "addressRate" | "userRate">,
  shared: {
    readonly queue: ConnectionSettings["queue"];
    readonly serverId: string;
    readonly addresses: ClientAddresses;
    readonly calls: CallObserver;
  },
  deps: OperationsDeps,
): Promise<Admission> {
  const limits = { address: callLimitOf(settings.addressRate), caller: callLimitOf(settings.userRate) };
  if (!limits.address && !limits.caller) return ADMIT_ALL;
  const { calls: observer, addresses } = shared;
  const limiter = await openCallLimiter(shared, deps);
  stack.defer(() => limiter.close());
  return createRateLimits({ limiter, addresses, observer }, limits);
}

/** Shared where the jobs are, so that several servers count together. */
async function openCallLimiter(
  {
    queue,
    serverId,
    calls,
  }: { readonly queue: ConnectionSettings["queue"]; readonly serverId: string; readonly calls: CallObserver },
  deps: OperationsDeps,
): Promise<CallLimiter> {
  if (queue.kind !== "redis") return createMemoryCallLimiter(deps);
  const { createRedisCallLimiter } = await import("./adapters/redis/call-limiter.ts");
  const { url } = queue;
  return openWhenAway(createRedisCallLimiter({ url, name: serverId, ...deps }), {
    ...deps,
    onBypass: () => calls.limitBypassed(),
  });
}

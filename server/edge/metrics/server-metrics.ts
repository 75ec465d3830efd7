import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { MediaState } from "#contracts/media-state.ts";
import type { Clock } from "#kernel/clock.ts";
import type { ErrorCode } from "#kernel/errors.ts";
import type {
  BreakerState,
  ComponentName,
  ComponentObserver,
} from "../../services/ports/component-observer.ts";
import type { Queue } from "../../services/ports/queue.ts";
import { wireFormOf } from "../answers/wire-form.ts";
import type { CallObserver, Refusal } from "../call-observer.ts";
import type { Endpoint } from "../endpoint.ts";
import { type Exchange, header } from "../exchange.ts";
import { tokenRefusalLabel } from "./token-refusal.ts";

/** What is asked for when somebody looks, and not counted as it happens. */
export interface MetricsSources {
  readonly queue: Pick<Queue, "stats" | "oldestReadyMs">;
  connections(): { readonly open: number; readonly bytesRead: number; readonly bytesWritten: number };
}

const PREFIX = "platemark_";
/** Seconds. A call that takes longer than ten is slow, however slow it is. */
const CALL_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const COMPONENT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const OTHER = "other";
const BREAKER_STATES: readonly BreakerState[] = ["closed", "half_open", "open"];
/** By HTTP status, for what has no gRPC code of its own. */
const CODES: Readonly<Record<number, string>> = {
  400: "invalid_argument",
  401: "unauthenticated",
  403: "permission_denied",
  404: "not_found",
  408: "deadline_exceeded",
  409: "aborted",
  429: "resource_exhausted",
  499: "canceled",
  500: "internal",
  503: "unavailable",
  504: "deadline_exceeded",
};

/**
 * What Prometheus reads (docs/guides/operating.md lists it). Labels take few values: a path that nobody has registered
 * is `other`, and no user, address or picture is ever a label. One registry for each server, none for the module.
 */
export class ServerMetrics implements CallObserver, ComponentObserver {
  readonly #registry = new Registry();
  readonly #clock: Clock;
  readonly #endpointAt: (path: string) => Endpoint | undefined;
  readonly #calls = this.#histogram("call_duration_seconds", "Calls by how they ended.", CALL_BUCKETS, [
    "method",
    "protocol",
    "code",
  ]);
  readonly #inFlight = this.#gauge("calls_in_flight", "Calls that have no answer yet, streams too.", [
    "method",
  ]);
  readonly #streams = this.#gauge("streams_open", "Streams among the calls in flight.", ["method"]);
  readonly #refused = this.#counter("refusals_total", "Requests that were not let in.", ["what", "reason"]);
  readonly #cancelled = this.#counter("cancellations_total", "Calls that ended before their end.", [
    "reason",
  ]);
  readonly #failedOpen = this.#counter(
    "rate_limit_bypasses_total",
    "Calls let in because the shared limit is away.",
  );
  readonly #components = this.#histogram(
    "component_call_duration_seconds",
    "Calls to store, database and queue by how they ended.",
    COMPONENT_BUCKETS,
    ["component", "operation", "outcome"],
  );
  readonly #breakers = this.#gauge("breaker_state", "1 for the state that a component's breaker is in.", [
    "component",
    "state",
  ]);
  readonly #pictures = this.#counter("picture_transitions_total", "Pictures by the state they came into.", [
    "state",
  ]);
  readonly #workers = this.#counter("worker_exits_total", "Worker processes that ended.");

  constructor(deps: { readonly clock: Clock; readonly endpointAt: (path: string) => Endpoint | undefined }) {
    this.#clock = deps.clock;
    this.#endpointAt = deps.endpointAt;
    collectDefaultMetrics({ register: this.#registry });
  }

  /** The text that Prometheus reads, and its content type. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  /** To be asked at each look; a source that does not answer leaves its metrics out. */
  watch(sources: MetricsSources): void {
    const jobs = this.#gauge("queue_jobs", "Mark jobs by where they are.", ["state"], async () => {
      jobs.reset();
      for (const [state, count] of Object.entries(await sources.queue.stats())) jobs.set({ state }, count);
    });
    const age: Gauge = this.#gauge(
      "queue_oldest_ready_seconds",
      "How long the oldest job has been ready.",
      [],
      async () => age.set((await sources.queue.oldestReadyMs()) / 1000),
    );
    const open: Gauge = this.#gauge("connections_open", "Connections to the API's port.", [], () =>
      open.set(sources.connections().open),
    );
    const bytes = new Counter({
      name: `${PREFIX}connection_bytes_total`,
      help: "Bytes over the API's port.",
      labelNames: ["direction"],
      registers: [this.#registry],
      collect: () => {
        const { bytesRead, bytesWritten } = sources.connections();
        bytes.reset();
        bytes.inc({ direction: "read" }, bytesRead);
        bytes.inc({ direction: "written" }, bytesWritten);
      },
    });
  }

  began(exchange: Exchange): void {
    const { path, response } = exchange;
    const endpoint = this.#endpointAt(path);
    const method = endpoint ? path.slice(1) : OTHER;
    const gauges = [this.#inFlight, ...(isStream(endpoint) ? [this.#streams] : [])];
    const startedMs = this.#clock.now();
    for (const gauge of gauges) gauge.inc({ method });
    response.once("close", () => {
      for (const gauge of gauges) gauge.dec({ method });
      const protocol = wireFormOf(header(exchange.request, "content-type"), endpoint?.rpc ?? null);
      const seconds = Math.max(0, this.#clock.now() - startedMs) / 1000;
      this.#calls.observe({ method, protocol, code: codeOf(exchange) }, seconds);
    });
  }

  refused(what: Refusal, reason: string): void {
    this.#refused.inc({ what, reason: what === "token" ? tokenRefusalLabel(reason) : reason });
  }

  cancelled(reason: string): void {
    this.#cancelled.inc({ reason });
  }

  limitBypassed(): void {
    this.#failedOpen.inc();
  }

  called(component: ComponentName, operation: string, outcome: "ok" | ErrorCode, ms: number): void {
    this.#components.observe({ component, operation, outcome }, Math.max(0, ms) / 1000);
  }

  breakerIs(component: ComponentName, state: BreakerState): void {
    for (const each of BREAKER_STATES) this.#breakers.set({ component, state: each }, each === state ? 1 : 0);
  }

  pictureIs(state: MediaState, count = 1): void {
    this.#pictures.inc({ state }, count);
  }

  workerEnded(): void {
    this.#workers.inc();
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
  }

  #gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    collect?: () => void | Promise<void>,
  ): Gauge<L> {
    const quiet = collect && (() => Promise.resolve(collect()).catch(() => undefined) as Promise<void>);
    return new Gauge({
      name: PREFIX + name,
      help,
      labelNames,
      registers: [this.#registry],
      ...(quiet && { collect: quiet }),
    });
  }

  #histogram<L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[],
  ): Histogram<L> {
    return new Histogram({ name: PREFIX + name, help, buckets, labelNames, registers: [this.#registry] });
  }
}

function isStream(endpoint: Endpoint | undefined): boolean {
  return endpoint?.rpc != null && endpoint.rpc.methodKind !== "unary";
}

function codeOf({ outcome, response }: Exchange): string {
  if (!response.writableFinished && outcome === null) return "canceled";
  if (outcome !== null) return outcome;
  return response.statusCode < 400 ? "ok" : (CODES[response.statusCode] ?? "unknown");
}

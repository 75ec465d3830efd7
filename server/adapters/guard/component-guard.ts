import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  IterableBackoff,
  noop,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import type { Clock } from "#kernel/clock.ts";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { type Tracer, traced } from "#kernel/tracer.ts";
import type {
  BreakerState,
  ComponentName,
  ComponentObserver,
} from "../../services/ports/component-observer.ts";

export interface GuardOptions {
  readonly component: ComponentName;
  /** What callers get while the component is not asked; its own word for being away. */
  readonly awayCode: ErrorCode;
  /** Calls under way at once; as many times `QUEUED_FOR_EACH` wait. */
  readonly atOnce: number;
  /** The longest that one call may take, in milliseconds. @default the component's client says when to give up */
  readonly timeoutMs?: number;
  /** How long it is left alone after it has been given up, in milliseconds; the last one again and again.
   *  @default REST_MS */
  readonly restMs?: readonly number[];
}

export interface GuardDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly observer: ComponentObserver;
}

/** So many calls in a row without an answer, and the component is given up for a while. */
export const FAILURES_IN_A_ROW = 5;
const REST_MS = [500, 1_000, 2_000, 5_000, 10_000] as const;
const QUEUED_FOR_EACH = 64;
/** What speaks of the component. All else, "not found" and "no longer true" too, is an answer of one that is well. */
const AWAY: ReadonlySet<ErrorCode> = new Set(["store.unreachable", "unavailable", "deadline_exceeded"]);
const STATES: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: "closed",
  [CircuitState.Open]: "open",
  [CircuitState.HalfOpen]: "half_open",
  [CircuitState.Isolated]: "open",
};

/**
 * Stands in front of one component: a breaker that leaves it alone while it is away, a bulkhead that keeps a slow one
 * from taking everything, a limit of time, and eyes for metrics and spans (docs/adr/0023). Answers and errors of the
 * component go through as they are. Real time counts here, whatever the clock says: a sleeping test must not open it.
 */
export class ComponentGuard {
  readonly #options: GuardOptions;
  readonly #deps: GuardDeps;
  readonly #breaker;
  readonly #policy;

  constructor(options: GuardOptions, deps: GuardDeps) {
    this.#options = options;
    this.#deps = deps;
    const { component, atOnce, timeoutMs, restMs = REST_MS } = options;
    const speaksOfComponent = handleWhen(
      (error) => error instanceof TaskCancelledError || (error instanceof AppError && AWAY.has(error.code)),
    );
    this.#breaker = circuitBreaker(speaksOfComponent, {
      halfOpenAfter: new IterableBackoff(restMs),
      breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW),
    });
    this.#breaker.onStateChange((state) => {
      const known = STATES[state];
      deps.observer.breakerIs(component, known);
      deps.logger[known === "open" ? "warn" : "info"]("breaker.changed", { component, state: known });
    });
    deps.observer.breakerIs(component, "closed");
    const limit =
      timeoutMs === undefined
        ? noop
        : timeout(timeoutMs, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false });
    this.#policy = wrap(bulkhead(atOnce, atOnce * QUEUED_FOR_EACH), this.#breaker, limit);
  }

  /** `port` with these operations guarded; all others go to it straight. */
  guard<T extends object>(port: T, operations: readonly (keyof T & string)[]): T {
    const guarded = new Map<PropertyKey, unknown>(
      operations.map((operation) => {
        const ask = (values: readonly unknown[]) =>
          Reflect.apply(port[operation] as (...given: readonly unknown[]) => Promise<unknown>, port, values);
        return [operation, (...values: unknown[]) => this.#call(operation, () => ask(values))];
      }),
    );
    return new Proxy(port, {
      get(target, name) {
        if (guarded.has(name)) return guarded.get(name);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  async #call<R>(operation: string, work: () => Promise<R>): Promise<R> {
    const { component } = this.#options;
    const { observer, clock, tracer } = this.#deps;
    const startedMs = clock.now();
    try {
      const answer = await this.#policy.execute(() =>
        tracer.recording ? traced(tracer, `${component}.${operation}`, { kind: "client" }, work) : work(),
      );
      observer.called(component, operation, "ok", clock.now() - startedMs);
      return answer;
    } catch (error) {
      const failure = this.#translated(error);
      observer.called(component, operation, AppError.from(failure).code, clock.now() - startedMs);
      throw failure;
    }
  }

  #translated(error: unknown): unknown {
    const { component, awayCode, timeoutMs } = this.#options;
    if (error instanceof BrokenCircuitError)
      return new AppError(awayCode, `The ${component} does not answer; it is tried again in a moment.`, {
        retry: "backoff",
        cause:
          this.#breaker.lastFailure && "error" in this.#breaker.lastFailure
            ? this.#breaker.lastFailure.error
            : error,
      });
    if (error instanceof BulkheadRejectedError)
      return new AppError("unavailable", `Too much waits for the ${component}; try again in a moment.`, {
        retry: "backoff",
        cause: error,
      });
    if (error instanceof TaskCancelledError)
      return new AppError("deadline_exceeded", `The ${component} took longer than ${timeoutMs} ms.`, {
        retry: "backoff",
        cause: error,
      });
    return error;
  }
}

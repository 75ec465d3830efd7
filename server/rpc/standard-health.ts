import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { Clock } from "#kernel/clock.ts";
import {
  type Health as Protocol,
  HealthCheckResponse_ServingStatus as Status,
} from "#standard/health/v1/health_pb.ts";
import type { Health } from "../services/health.ts";

export interface StandardHealthDeps {
  readonly health: Pick<Health, "check">;
  readonly clock: Clock;
  /** Fires when the server drains: it is not serving from then on. */
  readonly draining: AbortSignal;
  /** Full names of the services there are. All stand on the same parts, so they are well together. */
  readonly services: () => readonly string[];
}

/** A change is seen this late at most. */
const LOOK_MS = 1_000;

/** `grpc.health.v1.Health` as load balancers, Kubernetes and gRPC's own clients ask it; "" is the server as a whole. */
export function standardHealth(deps: StandardHealthDeps): ServiceImpl<typeof Protocol> {
  const { health, clock, draining } = deps;
  const isKnown = (service: string) => service === "" || deps.services().includes(service);
  const status = async () => {
    if (draining.aborted) return Status.NOT_SERVING;
    const { serving } = await health.check();
    return serving && !draining.aborted ? Status.SERVING : Status.NOT_SERVING;
  };
  return {
    async check({ service }) {
      if (!isKnown(service)) throw new ConnectError("There is no such service.", Code.NotFound);
      return { status: await status() };
    },

    async *watch({ service }, { signal }) {
      let told: Status | null = null;
      for (;;) {
        const now = isKnown(service) ? await status() : Status.SERVICE_UNKNOWN;
        if (now !== told) yield { status: now };
        told = now;
        signal.throwIfAborted();
        // Whoever watches hears of a stop before the stream ends by it.
        await clock.sleep(LOOK_MS, { signal: AbortSignal.any([signal, draining]) }).catch(() => {});
      }
    },

    async list() {
      const each = { status: await status() };
      return { statuses: Object.fromEntries(["", ...deps.services()].map((service) => [service, each])) };
    },
  };
}

import { Cancelled, type CancelReason } from "#kernel/cancel-reason.ts";
import { type Clock, systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import type { Tracer } from "#kernel/tracer.ts";
import { ADMIT_ALL, type Admission } from "../../server/edge/admission/admission.ts";
import type { Authorize } from "../../server/edge/admission/authorization.ts";
import { createDispatcher } from "../../server/edge/dispatcher.ts";
import { HttpServer } from "../../server/edge/listener/http-server.ts";
import { type CorsRequest, decideCors } from "../../server/edge/origins/cors.ts";
import { originEntry } from "../../server/edge/origins/origin-entry.ts";
import { createOriginList } from "../../server/edge/origins/origin-list.ts";
import { rpcEndpoints } from "../../server/edge/rpc-endpoints.ts";
import { WebSocketBridge } from "../../server/edge/websocket/bridge.ts";
import type { WebSocketLimits } from "../../server/edge/websocket/limits.ts";
import { rpcOptions } from "../../server/rpc/router.ts";
import { RpcMethods } from "../../server/rpc/rpc-methods.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { Work } from "./work-service.ts";

export interface CallServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly work: Work;
  readonly logger: RecordingLogger;
  readonly bridge: WebSocketBridge;
  /** What the observer was told, in order. */
  readonly cancelled: readonly { readonly method: string; readonly reason: CancelReason }[];
  drain(): void;
}

/** The product's edge with the work service behind it, and nothing else. */
export async function startCallServer(
  options: {
    readonly authorize?: Authorize;
    readonly admission?: Admission;
    readonly origins?: readonly string[];
    readonly clock?: Clock;
    readonly limits?: Partial<WebSocketLimits>;
    readonly stalledMs?: number;
    readonly tracer?: Tracer;
    readonly pingMs?: number;
  } = {},
): Promise<CallServer> {
  const { clock = systemClock, origins = [] } = options;
  const logger = new RecordingLogger();
  const work = new Work();
  const list = createOriginList(origins.map((origin) => originEntry(origin)));
  const draining = new AbortController();
  const cancelled: { method: string; reason: CancelReason }[] = [];
  const methods = new RpcMethods(
    rpcOptions(logger, {
      shutdown: draining.signal,
      clock: systemClock,
      cancellations: { cancelled: (method, reason) => cancelled.push({ method, reason }) },
    }),
  );
  work.register(methods);
  const stations = {
    decideOrigin: (request: CorsRequest) => decideCors(list, request),
    admission: options.admission ?? ADMIT_ALL,
    authorize: options.authorize ?? (async () => null),
    clock,
    random: systemRandom,
    logger,
    ...(options.tracer && { tracer: options.tracer }),
  };
  const bridge = new WebSocketBridge({ ...stations, methods, draining: draining.signal }, options.limits);
  bridge.start();
  const handle = createDispatcher({
    ...stations,
    probes: new Map(),
    endpoints: new Map(rpcEndpoints(methods, options)),
  });
  // Streams that are told to end need no time of a real clock's.
  const http = new HttpServer(
    handle,
    { host: "127.0.0.1", port: 0, drainMs: 2_000, ...(options.pingMs ? { pingMs: options.pingMs } : {}) },
    { clock: systemClock, upgrade: bridge.upgrade },
  );
  const port = await http.listen();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    work,
    logger,
    bridge,
    cancelled,
    drain: () => draining.abort(new Cancelled("draining")),
    async [Symbol.asyncDispose]() {
      draining.abort(new Cancelled("draining"));
      await http[Symbol.asyncDispose]();
      await bridge[Symbol.asyncDispose]();
    },
  };
}

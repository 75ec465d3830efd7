import type { Http2Session } from "node:http2";
import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { Clock } from "#kernel/clock.ts";
import { answerJson } from "../edge/answers.ts";
import { HttpServer } from "../edge/http-server.ts";
import type { NodeServerRequest, NodeServerResponse } from "../edge/node-http.ts";
import { type AdsDeps, adsHandlers } from "./ads-handlers.ts";
import { AggregatedDiscoveryService } from "./gen/envoy/service/discovery/v3/ads_pb.ts";
import { xdsMetrics } from "./xds-metrics.ts";
import type { XdsStatus } from "./xds-status.ts";

export interface AdsServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** A request for a configuration is short; what names many resources is not. */
const MOST_REQUEST_BYTES = 1024 * 1024;
const PING_MS = 20_000;

/**
 * The control plane's own listener: ADS over gRPC, `GET /status` for people and `GET /metrics` for
 * Prometheus. It has no tokens: whoever reaches the
 * port reads the configuration, which is why it listens on this computer alone unless told otherwise.
 */
export class AdsServer implements AsyncDisposable {
  readonly #http: HttpServer;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #pinged = new WeakSet<Http2Session>();

  constructor(deps: AdsDeps & { readonly status: () => XdsStatus }, options: AdsServerOptions) {
    this.#clock = deps.clock;
    const { handlers } = createConnectRouter({
      connect: false,
      grpcWeb: false,
      readMaxBytes: MOST_REQUEST_BYTES,
      shutdownSignal: this.#stop.signal,
    }).service(AggregatedDiscoveryService, adsHandlers(deps));
    const byPath = new Map(handlers.map((handler) => [handler.requestPath, handler]));
    const handle = async (request: NodeServerRequest, response: NodeServerResponse) => {
      const handler = byPath.get(request.url ?? "");
      if (handler) {
        void this.#keepAlive("stream" in request ? request.stream.session : undefined);
        const answer = await handler(
          universalRequestFromNodeRequest(request, response, undefined, undefined),
        );
        await universalResponseToNodeResponse(answer, response);
      } else if (request.method === "GET" && !request.headers.origin && request.url === "/status") {
        answerJson(response, 200, deps.status());
      } else if (request.method === "GET" && !request.headers.origin && request.url === "/metrics") {
        const { contentType, text } = await xdsMetrics(deps.status());
        response.writeHead(200, { "content-type": contentType });
        response.end(text);
      } else {
        response.writeHead(404);
        response.end();
      }
    };
    this.#http = new HttpServer(
      (request, response) =>
        void handle(request, response).catch((error: unknown) => {
          deps.logger.debug("xds.stream_broken", { reason: String(error) });
          response.destroy();
        }),
      { ...options, drainMs: 1_000 },
      { clock: deps.clock },
    );
  }

  /** Answers the port. @throws AppError `unavailable` when the port is taken. */
  start(): Promise<number> {
    return this.#http.listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new ConnectError("The control plane is being stopped.", Code.Unavailable));
    await this.#http[Symbol.asyncDispose]();
  }

  /** A stream is silent while nothing changes, and is not idle for that. Pings end one whose other end has gone without
   *  a word. */
  async #keepAlive(session: Http2Session | undefined): Promise<void> {
    if (!session || this.#pinged.has(session)) return;
    this.#pinged.add(session);
    // Pings do not count as activity for the server's own time limit, which would send the client away.
    session.setTimeout(0);
    const closed = new AbortController();
    session.once("close", () => closed.abort());
    let answered = true;
    while (!closed.signal.aborted) {
      await this.#clock.sleep(PING_MS, { signal: closed.signal }).catch(() => {});
      if (closed.signal.aborted) return;
      if (!answered) return session.destroy();
      answered = !session.ping(() => {
        answered = true;
      });
    }
  }
}

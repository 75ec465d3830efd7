import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { answerJson } from "../edge/answers/answers.ts";
import { HttpServer } from "../edge/listener/http-server.ts";
import type { NodeServerRequest, NodeServerResponse } from "../edge/listener/node-http.ts";
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

/**
 * The control plane's own listener: ADS over gRPC, `GET /status` for people and `GET /metrics` for
 * Prometheus. It has no tokens: whoever reaches the
 * port reads the configuration, which is why it listens on this computer alone unless told otherwise.
 */
export class AdsServer implements AsyncDisposable {
  readonly #http: HttpServer;
  readonly #stop = new AbortController();

  constructor(deps: AdsDeps & { readonly status: () => XdsStatus }, options: AdsServerOptions) {
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
}

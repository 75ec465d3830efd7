import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { answerJson } from "../edge/answers.ts";
import { HttpServer } from "../edge/http-server.ts";
import type { NodeServerRequest, NodeServerResponse } from "../edge/node-http.ts";
import { type AdsDeps, adsHandlers } from "./ads-handlers.ts";
import { AggregatedDiscoveryService } from "./gen/envoy/service/discovery/v3/ads_pb.ts";
import type { NodeReport } from "./node-registry.ts";

export interface AdsServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** What `platemark xds status` shows. */
export interface XdsStatus {
  /** What is wrong with the newest configuration; empty: it is in force. */
  readonly configError: string;
  readonly snapshots: Readonly<Record<string, string>>;
  readonly nodes: readonly NodeReport[];
}

/** A request for a configuration is short; what names many resources is not. */
const MOST_REQUEST_BYTES = 1024 * 1024;

/**
 * The control plane's own listener: ADS over gRPC, and `GET /status` for people. It has no tokens: whoever reaches the
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
      } else if (request.url === "/status" && request.method === "GET" && !request.headers.origin) {
        answerJson(response, 200, deps.status());
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
    this.#stop.abort(new ConnectError("The server is being stopped.", Code.Unavailable));
    await this.#http[Symbol.asyncDispose]();
  }
}

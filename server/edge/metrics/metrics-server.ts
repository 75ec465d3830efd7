import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError } from "#kernel/errors.ts";
import type { ServerMetrics } from "./server-metrics.ts";

/** Loopback only: whoever may read metrics from elsewhere has a collector on this machine, or a side-car. */
const HOST = "127.0.0.1";

/** `GET /metrics` at an address of its own, never at the API's. */
export class MetricsServer implements AsyncDisposable {
  readonly #port: number;
  readonly #server;

  constructor(metrics: Pick<ServerMetrics, "render">, options: { readonly port: number }) {
    this.#port = options.port;
    this.#server = createServer((request, response) => {
      if (request.method !== "GET" || request.url?.split("?", 1)[0] !== "/metrics") {
        response.writeHead(404).end();
        return;
      }
      metrics.render().then(
        ({ contentType, text }) => response.writeHead(200, { "content-type": contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    });
  }

  /** Answers the URL. @throws AppError `unavailable` when the port is taken. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (cause: NodeJS.ErrnoException) =>
        reject(
          new AppError(
            "unavailable",
            `Cannot listen on ${HOST} port ${this.#port} for metrics (${cause.code}).`,
            {
              cause,
            },
          ),
        ),
      );
      this.#server.listen(this.#port, HOST, () => {
        const { port } = this.#server.address() as AddressInfo;
        resolve(`http://${HOST}:${port}/metrics`);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

import { createServer as createHttp1Server, type IncomingMessage } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { NodeServerRequest, NodeServerResponse } from "./node-http.ts";
import { keepSessionAlive } from "./session-keep-alive.ts";

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** How long requests in flight may take to end when the server is closed. Milliseconds. @default 5_000 */
  readonly drainMs?: number;
  /** Between pings of HTTP/2 connections that have streams. Milliseconds. @default 20_000 */
  readonly pingMs?: number;
  /** With it the port speaks TLS alone (ALPN: h2, http/1.1): a token must not travel in the clear by mistake. */
  readonly tls?: TlsIdentity;
}

/** PEM texts; `clientCa`: clients must show a certificate of this authority. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;
const IDLE_TIMEOUT_MS = 65_000;
const DRAIN_MS = 5_000;
const PING_MS = 20_000;
const DRAIN_LOOK_MS = 25;
const FIRST_BYTE_TIMEOUT_MS = 15_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** RFC 9113, section 3.4: what an HTTP/2 client sends first. Three bytes tell it from every HTTP/1.1 method. */
const HTTP2_PREFACE = "PRI";
/** RFC 8446, section 5.1: what a TLS client sends first is a handshake record. */
const TLS_HANDSHAKE = 22;

/** One port for HTTP/1.1 and HTTP/2: without TLS the first bytes of a connection decide, with TLS its ALPN. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  readonly #clock: Clock;
  readonly #http1;
  readonly #http2;
  readonly #front;
  readonly #tls: TlsServer | null;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  /** Of connections that are closed. */
  readonly #closed = { bytesRead: 0, bytesWritten: 0 };

  constructor(
    handle: (request: NodeServerRequest, response: NodeServerResponse) => void,
    options: HttpServerOptions,
    deps: {
      readonly clock: Clock;
      /** Takes over connections that ask for a websocket. @default nobody: they are answered as any request */
      readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
    },
  ) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#http1 = createHttp1Server(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: IDLE_TIMEOUT_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
        connectionsCheckingInterval: 5_000,
        // Whoever offers another protocol (`h2c`) is answered in this one.
        shouldUpgradeCallback: ({ headers }) =>
          deps.upgrade !== undefined && headers.upgrade?.toLowerCase() === "websocket",
      },
      handle,
    );
    if (deps.upgrade) this.#http1.on("upgrade", deps.upgrade);
    this.#http2 = createHttp2Server(
      { settings: { maxHeaderListSize: MAX_HEADER_BYTES, maxConcurrentStreams: 256 } },
      handle,
    );
    this.#http2.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.on("error", () => session.destroy());
      // Streams send a heartbeat more often than this.
      session.setTimeout(IDLE_TIMEOUT_MS, () => session.close());
      void keepSessionAlive(session, deps.clock, { everyMs: options.pingMs ?? PING_MS });
    });
    this.#tls = options.tls ? this.#createTls(options.tls) : null;
    this.#front = createServer({ pauseOnConnect: false, noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Answers the port. @throws AppError `unavailable` when the port is taken or not ours to take. */
  listen(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#front.once("error", (cause: NodeJS.ErrnoException) =>
        reject(
          new AppError(
            "unavailable",
            `Cannot listen on ${host} port ${port} (${cause.code}); choose another port.`,
            {
              cause,
            },
          ),
        ),
      );
      this.#front.listen(port, host, () => {
        // Starts the checks of the time-outs above, which a server that does not listen itself would not make.
        this.#http1.emit("listening");
        resolve((this.#front.address() as AddressInfo).port);
      });
    });
  }

  /** Connections open now, and bytes over all there have been. */
  traffic(): { readonly open: number; readonly bytesRead: number; readonly bytesWritten: number } {
    let { bytesRead, bytesWritten } = this.#closed;
    for (const socket of this.#sockets) {
      bytesRead += socket.bytesRead;
      bytesWritten += socket.bytesWritten;
    }
    return { open: this.#sockets.size, bytesRead, bytesWritten };
  }

  /** New connections get this certificate; those that are open keep theirs.
   *  @throws an Error of OpenSSL's when certificate and key do not fit together; the one before stays. */
  showCertificate(identity: TlsIdentity): void {
    this.#tls?.setSecureContext(contextOptions(identity));
  }

  /** Takes no new connections, lets requests in flight end, and cuts off what takes longer than `drainMs`. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { drainMs = DRAIN_MS } = this.#options;
    const closed = new Promise<void>((resolve) => this.#front.close(() => resolve()));
    const drained = new AbortController();
    void closed.then(() => drained.abort());
    for (const session of this.#sessions) session.close();
    const endMs = this.#clock.now() + drainMs;
    while (!drained.signal.aborted) {
      // A kept-alive connection idles again each time an answer ends.
      this.#http1.closeIdleConnections();
      if (this.#clock.now() >= endMs) for (const socket of this.#sockets) socket.destroy();
      await this.#clock.sleep(DRAIN_LOOK_MS, { signal: drained.signal }).catch(() => {});
    }
    await closed;
    this.#http1.close();
    this.#http2.close();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#closed.bytesRead += socket.bytesRead;
      this.#closed.bytesWritten += socket.bytesWritten;
    });
    const onError = () => socket.destroy();
    socket.on("error", onError);
    socket.setTimeout(FIRST_BYTE_TIMEOUT_MS, onError);
    socket.once("readable", () => {
      const first = socket.read() as Buffer | null;
      // Plain text where TLS is spoken, or TLS where it is not: there is no answer that the other side would read.
      if (!first || (first[0] === TLS_HANDSHAKE) !== (this.#tls !== null)) return void socket.destroy();
      socket.setTimeout(0);
      socket.removeListener("timeout", onError);
      socket.unshift(first);
      const http2 = first.subarray(0, HTTP2_PREFACE.length).toString("latin1") === HTTP2_PREFACE;
      (this.#tls ?? (http2 ? this.#http2 : this.#http1)).emit("connection", socket);
    });
  }

  #createTls(identity: TlsIdentity): TlsServer {
    const mutual = identity.clientCa !== undefined;
    const server = createTlsServer({
      ...contextOptions(identity),
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: FIRST_BYTE_TIMEOUT_MS,
      requestCert: mutual,
      rejectUnauthorized: mutual,
    });
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    server.on("secureConnection", (socket) => {
      (socket.alpnProtocol === "h2" ? this.#http2 : this.#http1).emit("connection", socket);
    });
    return server;
  }
}

function contextOptions({ cert, key, clientCa }: TlsIdentity) {
  return { cert, key, minVersion: "TLSv1.2" as const, ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

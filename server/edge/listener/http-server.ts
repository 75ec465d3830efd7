import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { limitKeyOf, plainAddress } from "../admission/client-address.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import type { NodeServerRequest, NodeServerResponse } from "./node-http.ts";
import { HTTP2_LIMITS, PEER_TIMES, PeerGuard, type PeerTimes } from "./peer-guard.ts";
import { keepSessionAlive } from "./session-keep-alive.ts";

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** How long requests in flight may take to end when the server is closed. Milliseconds. @default 5_000 */
  readonly drainMs?: number;
  /** How long new requests are still answered before that, so that whoever sends them can hear of the end. @default 0 */
  readonly noticeMs?: number;
  /** @default no limit */
  readonly limits?: ConnectionLimits;
  /** @default PEER_TIMES */
  readonly times?: Partial<PeerTimes>;
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

const DRAIN_MS = 5_000;
const PING_MS = 20_000;
const DRAIN_LOOK_MS = 25;
const MAX_HEADER_BYTES = 16 * 1024;
/** Pairs of name and value; nobody needs half of it. */
const MAX_HEADERS = 128;
/** How often connections are looked at. */
const SWEEP_MS = 1_000;
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
  readonly #times: PeerTimes;
  readonly #guard: PeerGuard;
  /** Answers over HTTP/1.1 that are not complete. */
  readonly #answers = new Set<NodeServerResponse>();
  #sweeping: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(
    handle: (request: NodeServerRequest, response: NodeServerResponse) => void,
    options: HttpServerOptions,
    deps: {
      readonly clock: Clock;
      /** Takes over connections that ask for a websocket. @default nobody: they are answered as any request */
      readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
      /** Whether a request to this path may take for ever, being a stream of the client's. @default none */
      readonly isEndless?: (path: string) => boolean;
    },
  ) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#times = { ...PEER_TIMES, ...options.times };
    const { headersMs, requestMs, idleMs } = this.#times;
    // Sockets live in real time, whatever the clock says.
    this.#guard = new PeerGuard(
      { now: () => performance.now(), isEndless: deps.isEndless ?? (() => false) },
      this.#times,
    );
    this.#http1 = createHttp1Server(
      {
        headersTimeout: headersMs,
        requestTimeout: requestMs,
        keepAliveTimeout: idleMs,
        maxHeaderSize: MAX_HEADER_BYTES,
        connectionsCheckingInterval: Math.min(5_000, Math.ceil(headersMs / 3)),
        // Whoever offers another protocol (`h2c`) is answered in this one.
        shouldUpgradeCallback: ({ headers }) =>
          deps.upgrade !== undefined && headers.upgrade?.toLowerCase() === "websocket",
      },
      (request, response) => this.#handleHttp1(request, response, handle),
    );
    // More than that would be left out in silence; `#handleHttp1` refuses them.
    this.#http1.maxHeadersCount = 0;
    if (deps.upgrade) this.#http1.on("upgrade", deps.upgrade);
    this.#http2 = createHttp2Server(HTTP2_LIMITS, handle);
    this.#http2.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.on("error", () => session.destroy());
      // Streams send a heartbeat more often than this.
      session.setTimeout(idleMs, () => session.close());
      void keepSessionAlive(session, deps.clock, { everyMs: options.pingMs ?? PING_MS });
      this.#guard.addSession(session);
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
        this.#sweeping = setInterval(() => this.#guard.sweep(), Math.min(SWEEP_MS, this.#times.stallMs / 4));
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
    const { drainMs = DRAIN_MS, noticeMs = 0 } = this.#options;
    this.#closing = true;
    // Nothing more comes over these connections once they are answered.
    for (const response of this.#answers)
      if (!response.headersSent) response.setHeader("connection", "close");
    if (noticeMs > 0) await this.#clock.sleep(noticeMs);
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
    clearInterval(this.#sweeping);
    this.#http1.close();
    this.#http2.close();
  }

  #handleHttp1(
    request: IncomingMessage,
    response: ServerResponse,
    handle: (request: NodeServerRequest, response: NodeServerResponse) => void,
  ): void {
    if (request.rawHeaders.length > 2 * MAX_HEADERS) {
      response.writeHead(431, { connection: "close" }).end();
      return;
    }
    this.#answers.add(response);
    response.once("close", () => this.#answers.delete(response));
    if (this.#closing) response.setHeader("connection", "close");
    handle(request, response);
  }

  #accept(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? "");
    const { limits } = this.#options;
    const release = limits?.admit(address, limitKeyOf(address));
    if (release === null) return void socket.destroy();
    if (release) socket.once("close", release);
    this.#sockets.add(socket);
    this.#guard.addSocket(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#closed.bytesRead += socket.bytesRead;
      this.#closed.bytesWritten += socket.bytesWritten;
    });
    const onError = () => socket.destroy();
    socket.on("error", onError);
    socket.setTimeout(this.#times.firstByteMs, onError);
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
      handshakeTimeout: this.#times.firstByteMs,
      requestCert: mutual,
      rejectUnauthorized: mutual,
    });
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    server.on("secureConnection", (socket) => {
      if (socket.alpnProtocol === "h2") return void this.#http2.emit("connection", socket);
      this.#http1.emit("connection", socket);
      // Node's parser reads TLS records by itself, also those that come in one go with the one at which it was paused,
      // because the answer before is still being written: "Parse Error: Paused", and the connection is gone. With a
      // listener of ours it is fed through the stream, which keeps them back.
      socket.on("data", () => {});
    });
    return server;
  }
}

function contextOptions({ cert, key, clientCa }: TlsIdentity) {
  return { cert, key, minVersion: "TLSv1.2" as const, ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

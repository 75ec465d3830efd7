import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { WebSocketServer } from "ws";
import { AppError } from "#kernel/errors.ts";
import { noTracer } from "#kernel/tracer.ts";
import { ERROR_TABLE, publicMessage } from "../../rpc/error-table.ts";
import type { RpcMethods } from "../../rpc/rpc-methods.ts";
import type { DispatcherDeps } from "../dispatcher.ts";
import { type Exchange, header, openExchange } from "../exchange.ts";
import { decideOrigin } from "../origins/origin-station.ts";
import { startServerSpan } from "../server-span.ts";
import { WEBSOCKET_LIMITS, type WebSocketLimits } from "./limits.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { SocketCall } from "./socket-call.ts";

export interface WebSocketBridgeDeps
  extends Pick<
    DispatcherDeps,
    "decideOrigin" | "admission" | "authorize" | "clock" | "random" | "logger" | "tracer" | "observer"
  > {
  readonly methods: RpcMethods;
  /** Whose socket it is, for the limit of one address. @default the peer's address */
  readonly addressOf?: (request: IncomingMessage) => string;
  /** Fires when the server drains: no more sockets, and those without a call are closed. */
  readonly draining: AbortSignal;
}

const SUBPROTOCOL = "grpc-websockets";
const TEND_EVERY_MS = 1_000;

/**
 * The transport `grpc-websockets` (spec.md G2): each call has a socket of its own, and passes the stations of every
 * other request. What the page cannot say with the upgrade, its token above all, is in the first message; nothing runs
 * before it was looked at. Messages are not packed by the transport (permessage-deflate): it costs some 300 KB a
 * socket, and mixes secrets with what others choose, which CRIME lives on. gRPC packs by the message where asked.
 */
export class WebSocketBridge implements AsyncDisposable {
  readonly #deps: WebSocketBridgeDeps;
  readonly #limits: WebSocketLimits;
  readonly #handlers: ReadonlyMap<string, UniversalHandler>;
  readonly #server: WebSocketServer;
  readonly #calls = new Set<SocketCall>();
  readonly #addresses = new Map<string, number>();
  readonly #stop = new AbortController();
  #tending: Promise<void> = Promise.resolve();

  constructor(deps: WebSocketBridgeDeps, limits: Partial<WebSocketLimits> = {}) {
    this.#deps = deps;
    this.#limits = { ...WEBSOCKET_LIMITS, ...limits };
    this.#handlers = new Map(deps.methods.all.map(({ handler }) => [handler.requestPath, handler]));
    // `closeTimeout` is not among the types yet.
    const options = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: this.#limits.messageBytes,
      closeTimeout: this.#limits.closeMs,
      handleProtocols: () => SUBPROTOCOL,
    };
    this.#server = new WebSocketServer(options);
  }

  /** Sockets now open. */
  get sockets(): number {
    return this.#calls.size;
  }

  /** Of them, those that are not read because their handler is behind. */
  get pausedSockets(): number {
    return [...this.#calls].filter(({ paused }) => paused).length;
  }

  /** How long the most silent one has given no sign of life; 0 when there is none. */
  get silentMs(): number {
    const nowMs = this.#deps.clock.now();
    return Math.max(0, ...[...this.#calls].map((call) => call.silentMs(nowMs)));
  }

  start(): void {
    this.#tending = this.#tend();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#tending;
  }

  /** For the `upgrade` event of an HTTP/1.1 server. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const response = new ServerResponse(request);
    this.#accept(request, response, socket, head).catch((error: unknown) => {
      const failure = AppError.from(error);
      response.statusCode = ERROR_TABLE[failure.code].http;
      refuseUpgrade(socket, response.statusCode, publicMessage(failure), response.getHeaders());
      response.emit("close");
    });
  };

  async #accept(
    request: IncomingMessage,
    response: ServerResponse,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const { admission, draining } = this.#deps;
    socket.on("error", () => socket.destroy());
    const exchange = openExchange(request, response, this.#deps);
    const { path } = exchange;
    if (decideOrigin(this.#deps, exchange).kind === "forbidden")
      throw new AppError("permission_denied", "This call is not allowed.");
    await admission.admitAddress(exchange);
    if (!offers(request, SUBPROTOCOL))
      throw new AppError("invalid_argument", `The subprotocol is ${SUBPROTOCOL}.`);
    const handler = this.#handlers.get(path);
    if (!handler) throw new AppError("not_found", "There is no such method.");
    if (draining.aborted)
      throw new AppError("unavailable", "The server is being stopped.", { retry: "backoff" });
    const address = (this.#deps.addressOf ?? peerOf)(request);
    this.#assertRoom(address);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const call = new SocketCall(ws, request, this.#limits, {
        ...this.#deps,
        handler,
        admit: this.#admit,
        within: this.#within,
      });
      this.#calls.add(call);
      this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1);
      ws.once("close", () => {
        this.#calls.delete(call);
        const left = (this.#addresses.get(address) ?? 1) - 1;
        if (left === 0) this.#addresses.delete(address);
        else this.#addresses.set(address, left);
        response.emit("close");
      });
    });
  }

  #assertRoom(address: string): void {
    const { sockets, socketsPerAddress } = this.#limits;
    if (this.#calls.size >= sockets)
      throw new AppError("unavailable", "The server has too many open streams.", { retry: "backoff" });
    if ((this.#addresses.get(address) ?? 0) >= socketsPerAddress)
      throw new AppError("resource_exhausted", "Too many open streams from this address.", {
        retry: "backoff",
      });
  }

  readonly #admit = async (request: IncomingMessage, response: ServerResponse) => {
    const { admission, authorize } = this.#deps;
    const exchange = openExchange(request, response, this.#deps);
    this.#deps.observer?.began(exchange);
    const { method } = this.#handlers.get(exchange.path)!;
    exchange.rpc = method;
    exchange.caller = await authorize(exchange, method);
    await admission.admitCaller(exchange, method);
    return exchange;
  };

  readonly #within = (exchange: Exchange, work: () => Promise<void>): Promise<void> => {
    const { tracer = noTracer } = this.#deps;
    return tracer.within(startServerSpan(tracer, exchange, exchange.rpc), exchange.identity, work);
  };

  /** One timer for all sockets. */
  async #tend(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const nowMs = clock.now();
      for (const call of this.#calls) call.tend(nowMs);
      await clock.sleep(TEND_EVERY_MS, { signal }).catch(() => {});
    }
  }
}

function peerOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? "";
}

function offers(request: IncomingMessage, subprotocol: string): boolean {
  const offered = header(request, "sec-websocket-protocol") ?? "";
  return offered.split(",").some((name) => name.trim() === subprotocol);
}

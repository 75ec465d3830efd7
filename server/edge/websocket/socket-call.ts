import type { IncomingMessage, ServerResponse } from "node:http";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { WebSocket } from "ws";
import { Cancelled, type CancelReason } from "#kernel/cancel-reason.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { toConnectError } from "../../rpc/error-table.ts";
import { grpcStatusOf } from "../answers/grpc-status.ts";
import { wireFormOf } from "../answers/wire-form.ts";
import { callValues } from "../call-values.ts";
import type { Exchange } from "../exchange.ts";
import { callRequest } from "./call-request.ts";
import { readClientMessage } from "./client-message.ts";
import { headerFrame, parseHeaderBlock } from "./header-block.ts";
import { IncomingBody } from "./incoming-body.ts";
import { CLOSE, type WebSocketLimits } from "./limits.ts";

export interface SocketCallDeps {
  readonly handler: UniversalHandler;
  /** Opens the exchange and asks the stations for token, scope and the caller's rate. */
  readonly admit: (request: IncomingMessage, response: ServerResponse) => Promise<Exchange>;
  /** Runs the call's work as what the request causes. */
  readonly within: (exchange: Exchange, work: () => Promise<void>) => Promise<void>;
  readonly clock: Clock;
  readonly draining: AbortSignal;
}

/** No frame of a reason may be longer (RFC 6455, section 5.5). */
const MAX_REASON_BYTES = 123;
/** What clients close with when they take a call back: with or without a code, or one of their own. */
const isDeliberate = (code: number) => code === CLOSE.done || code === 1005 || code >= 4000;

/** One websocket: one call, from the headers in its first message to the trailers in its last. */
export class SocketCall {
  readonly #deps: SocketCallDeps;
  readonly #limits: WebSocketLimits;
  readonly #upgrade: IncomingMessage;
  readonly #ws: WebSocket;
  readonly #body: IncomingBody;
  readonly #abort = new AbortController();
  #started = false;
  #cutBy: CancelReason | undefined;
  /** Of the last sign of life, and of the last ping. */
  #aliveMs: number;
  #pingedMs: number;
  readonly #openedMs: number;

  constructor(ws: WebSocket, upgrade: IncomingMessage, limits: WebSocketLimits, deps: SocketCallDeps) {
    this.#deps = deps;
    this.#limits = limits;
    this.#upgrade = upgrade;
    this.#ws = ws;
    this.#body = new IncomingBody(ws, { highBytes: limits.readAheadBytes });
    this.#openedMs = deps.clock.now();
    this.#aliveMs = this.#openedMs;
    this.#pingedMs = this.#openedMs;
    ws.on("message", (message: Buffer, isBinary) => this.#receive(message, isBinary));
    ws.on("pong", this.#alive);
    // The `close` that follows says the rest; ws has answered with the code by itself.
    ws.on("error", () => {});
    ws.once("close", (code) => {
      const reason = this.#cutBy ?? (isDeliberate(code) ? "client_cancelled" : "client_gone");
      const cancelled = new Cancelled(reason);
      this.#body.fail(cancelled);
      this.#abort.abort(cancelled);
    });
  }

  /** Not read, because the handler is behind. */
  get paused(): boolean {
    return this.#body.paused;
  }

  silentMs(nowMs: number): number {
    return nowMs - this.#aliveMs;
  }

  /** Looks whether the peer is there; called every now and then. */
  tend(nowMs: number): void {
    const { headersMs, pingEveryMs, deadAfterMs } = this.#limits;
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (!this.#started) {
      if (this.#deps.draining.aborted) this.#close(CLOSE.goingAway, "The server is being stopped.");
      else if (nowMs - this.#openedMs >= headersMs) this.#close(CLOSE.policy, "No headers came in time.");
      return;
    }
    // A pong waits behind what we do not read: no sign is then no sign of death.
    if (this.#body.paused) this.#alive();
    if (nowMs - this.#aliveMs >= deadAfterMs) {
      this.#cutBy = this.#ws.bufferedAmount >= this.#limits.writeAheadBytes ? "too_slow" : "client_gone";
      this.#ws.terminate();
      return;
    }
    if (nowMs - this.#pingedMs < pingEveryMs) return;
    this.#pingedMs = nowMs;
    this.#ws.ping();
  }

  readonly #alive = (): void => {
    this.#aliveMs = this.#deps.clock.now();
  };

  #receive(message: Buffer, isBinary: boolean): void {
    this.#alive();
    if (!isBinary) {
      this.#close(CLOSE.textMessage, "Messages are binary.");
      return;
    }
    try {
      if (this.#started) {
        this.#receiveBody(message);
        return;
      }
      this.#started = true;
      void this.#answer(parseHeaderBlock(message));
    } catch (error) {
      this.#close(CLOSE.protocolError, AppError.from(error).message);
      this.#abort.abort(new Cancelled("client_gone", "The client broke the protocol."));
    }
  }

  /** What comes after its end, or when the handler wants no more, is dropped. */
  #receiveBody(message: Buffer): void {
    const bytes = readClientMessage(message);
    if (bytes) this.#body.push(bytes);
    else this.#body.end();
  }

  async #answer(headers: ReadonlyMap<string, string>): Promise<void> {
    const { request, response } = callRequest(this.#upgrade, headers);
    try {
      const form = wireFormOf(headers.get("content-type"), null);
      if (form !== "grpc-web")
        throw new AppError(
          "invalid_argument",
          "Over a websocket the content type is application/grpc-web+proto.",
        );
      const exchange = await this.#deps.admit(request, response);
      await this.#deps.within(exchange, () => this.#run(exchange));
    } catch (error) {
      await this.#refuse(response, error);
    } finally {
      // The request's end is logged and counted where every other's is.
      response.emit("close");
    }
  }

  async #run(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const { handler, draining } = this.#deps;
    const header = new Headers();
    for (const [name, value] of Object.entries(request.headers))
      if (value !== undefined) header.set(name, String(value));
    const contextValues = callValues(exchange);
    const url = new URL(request.url ?? "", "http://localhost").toString();
    // A stream has no end of its own that a server which stops could wait for.
    const isStream = handler.method.methodKind !== "unary";
    const signal = isStream ? AbortSignal.any([this.#abort.signal, draining]) : this.#abort.signal;
    // To the handler a websocket is as good as HTTP/2: both sides may speak at once.
    const call = { httpVersion: "2.0", method: "POST", url, header, body: this.#body, signal, contextValues };
    const answer = await handler(call);
    if (answer.status !== 200)
      throw new AppError("invalid_argument", `The call was refused (HTTP ${answer.status}).`);
    const own = Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)] as const);
    await this.#send(headerFrame([...own, ...new Headers(answer.header)]));
    for await (const chunk of answer.body ?? []) await this.#send(chunk);
    if (this.#deps.draining.aborted) this.#close(CLOSE.goingAway, "The server is being stopped.");
    else this.#close(CLOSE.done, "");
  }

  /** The status alone, as headers: "trailers only". */
  async #refuse(response: ServerResponse, error: unknown): Promise<void> {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    const failure = toConnectError(error);
    const own = Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)] as const);
    const status = Object.entries({ "content-type": "application/grpc-web+proto", ...grpcStatusOf(failure) });
    await this.#send(headerFrame([...own, ...status])).catch(() => {});
    this.#close(closeCodeOf(AppError.from(error)), failure.rawMessage);
  }

  /** Resolves when more may be sent: at once, or when what was written before has left. */
  #send(bytes: Uint8Array): Promise<void> {
    if (this.#ws.readyState !== this.#ws.OPEN)
      throw this.#abort.signal.reason ?? new Cancelled("client_gone");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const full = this.#ws.bufferedAmount + bytes.length > this.#limits.writeAheadBytes;
    this.#ws.send(bytes, { binary: true, compress: false }, (error) => {
      if (error) return full ? reject(error) : undefined;
      this.#alive();
      resolve();
    });
    if (!full) resolve();
    return promise;
  }

  #close(code: number, reason: string): void {
    this.#body.fail(new Cancelled("client_gone"));
    this.#ws.close(code, Buffer.from(reason).subarray(0, MAX_REASON_BYTES).toString());
  }
}

function closeCodeOf(error: AppError): number {
  if (error instanceof Cancelled && error.reason === "draining") return CLOSE.goingAway;
  if (error.code === "resource_exhausted" || error.code === "unavailable") return CLOSE.tryAgainLater;
  if (error.code === "internal") return CLOSE.internal;
  return CLOSE.policy;
}

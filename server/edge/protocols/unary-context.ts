import type { DescMethodUnary } from "@bufbuild/protobuf";
import type { ContextValues, HandlerContext } from "@connectrpc/connect";
import { Cancelled } from "#kernel/cancel-reason.ts";
import { type CancellationObserver, orDeadline, UNOBSERVED } from "../../rpc/cancellation.ts";
import { clientEnd } from "../client-signal.ts";
import type { Exchange } from "../exchange.ts";
import { nodeHeaderToWebHeader } from "./web-headers.ts";

/**
 * What a handler may ask of its call. Most ask for little, so signal and headers are made when they are asked for:
 * making them for each call costs more than the call itself.
 */
export class UnaryContext implements HandlerContext {
  readonly method: DescMethodUnary;
  readonly protocolName: string;
  readonly values: ContextValues;
  readonly requestMethod = "POST";
  readonly #exchange: Exchange;
  readonly #shutdown: AbortSignal;
  readonly #endsAtMs: number | undefined;
  readonly #observer: CancellationObserver;
  #cancelled: PromiseWithResolvers<never> | undefined;
  #abort: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;

  constructor(
    exchange: Exchange,
    call: {
      readonly method: DescMethodUnary;
      readonly protocolName: string;
      readonly values: ContextValues;
      readonly shutdown: AbortSignal;
      /** Infinite: as long as it takes. */
      readonly timeoutMs: number;
      readonly cancellations?: CancellationObserver | undefined;
    },
  ) {
    this.method = call.method;
    this.protocolName = call.protocolName;
    this.values = call.values;
    this.#exchange = exchange;
    this.#observer = call.cancellations ?? UNOBSERVED;
    this.#shutdown = call.shutdown;
    this.#endsAtMs = Number.isFinite(call.timeoutMs) ? Date.now() + call.timeoutMs : undefined;
  }

  get service() {
    return this.method.parent;
  }

  get url(): string {
    const { request } = this.#exchange;
    const scheme = "encrypted" in request.socket ? "https" : "http";
    const authority = request.headers[":authority"] ?? request.headers.host ?? "localhost";
    return `${scheme}://${authority}${request.url ?? ""}`;
  }

  get signal(): AbortSignal {
    if (this.#abort) return this.#abort.signal;
    const abort = new AbortController();
    this.#abort = abort;
    this.#cancelled = Promise.withResolvers();
    this.#cancelled.promise.catch(() => {});
    const { request, response } = this.#exchange;
    const stream = "stream" in request ? request.stream : undefined;
    const session = stream?.session;
    this.#onClose = () => this.#cancel(clientEnd(stream, session));
    if (response.destroyed) this.#onClose();
    else if (this.#shutdown.aborted) this.#onShutdown();
    if (abort.signal.aborted) return abort.signal;
    response.once("close", this.#onClose);
    this.#shutdown.addEventListener("abort", this.#onShutdown);
    const leftMs = this.timeoutMs();
    if (leftMs !== undefined)
      this.#timer = setTimeout(() => this.#cancel(new Cancelled("deadline")), Math.max(0, leftMs));
    return abort.signal;
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= nodeHeaderToWebHeader(this.#exchange.request.headers);
    return this.#requestHeader;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers();
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }

  /** `null`: the handler has set none. */
  get ownHeader(): Headers | null {
    return this.#responseHeader ?? null;
  }

  /** `null`: the handler has set none. */
  get ownTrailer(): Headers | null {
    return this.#responseTrailer ?? null;
  }

  readonly timeoutMs = (): number | undefined =>
    this.#endsAtMs === undefined ? undefined : this.#endsAtMs - Date.now();

  /** The handler's work, or why the call was ended from outside, whichever comes first. A handler that never asks for
   *  the signal is let end. */
  orCancelled<T>(work: Promise<T>): Promise<T> {
    return this.#cancelled ? Promise.race([this.#cancelled.promise, work]) : work;
  }

  /** Lets go of what could still cancel the call: it has its answer. */
  end(): void {
    if (!this.#abort) return;
    clearTimeout(this.#timer);
    this.#shutdown.removeEventListener("abort", this.#onShutdown);
    this.#exchange.response.off("close", this.#onClose);
  }

  #cancel(cancelled: Cancelled): void {
    const told = orDeadline(cancelled, this.timeoutMs() ?? Number.POSITIVE_INFINITY);
    this.#observer.cancelled(`${this.method.parent.typeName}/${this.method.name}`, told.reason);
    this.end();
    this.#cancelled?.reject(told);
    this.#abort?.abort(told);
  }

  #onClose = () => {};
  readonly #onShutdown = () => this.#cancel(new Cancelled("draining"));
}

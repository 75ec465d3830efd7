import type { DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues, type HandlerContext } from "@connectrpc/connect";
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
      readonly timeoutMs: number | undefined;
    },
  ) {
    this.method = call.method;
    this.protocolName = call.protocolName;
    this.values = call.values;
    this.#exchange = exchange;
    this.#shutdown = call.shutdown;
    this.#endsAtMs = call.timeoutMs === undefined ? undefined : Date.now() + call.timeoutMs;
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
    const { response } = this.#exchange;
    if (response.destroyed) abort.abort(clientGone());
    if (this.#shutdown.aborted) abort.abort(this.#shutdown.reason);
    if (abort.signal.aborted) return abort.signal;
    response.once("close", this.#onClose);
    this.#shutdown.addEventListener("abort", this.#onShutdown);
    const leftMs = this.timeoutMs();
    if (leftMs !== undefined)
      this.#timer = setTimeout(
        () => abort.abort(new ConnectError("The call has taken too long.", Code.DeadlineExceeded)),
        Math.max(0, leftMs),
      );
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

  /** Ends what hangs on the call: the signal fires, as handlers of the other protocols see it too. */
  end(reason?: unknown): void {
    if (!this.#abort) return;
    clearTimeout(this.#timer);
    this.#shutdown.removeEventListener("abort", this.#onShutdown);
    this.#exchange.response.off("close", this.#onClose);
    this.#abort.abort(reason);
  }

  readonly #onClose = () => this.end(clientGone());
  readonly #onShutdown = () => this.end(this.#shutdown.reason);
}

function clientGone(): ConnectError {
  return new ConnectError("The client has gone.", Code.Canceled);
}

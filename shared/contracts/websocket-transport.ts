import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import type { UniversalClientFn } from "@connectrpc/connect/protocol";
import { createTransport } from "@connectrpc/connect/protocol-grpc-web";
import type { Clock } from "#kernel/clock.ts";
import { GrpcWebFrameReader, HEADER_FLAG, PREFIX_BYTES } from "./grpc-web-frames.ts";
import { type OpenedSocket, type OpenSocket, openPageSocket } from "./page-socket.ts";

export interface WebSocketTransportOptions {
  /** Where the control plane answers, for example `https://platemark.example`; no path. */
  readonly baseUrl: string;
  readonly interceptors?: readonly Interceptor[];
  readonly clock: Clock;
  /** @default the runtime's own */
  readonly open?: OpenSocket;
  /** Milliseconds for calls that name no other limit. @default none */
  readonly defaultTimeoutMs?: number;
}

const SUBPROTOCOL = "grpc-websockets";
const FINISH_SEND = Uint8Array.of(1);
const NORMAL_CLOSURE = 1000;
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Received and not read yet; a page cannot ask its socket to wait. */
const MAX_UNREAD_BYTES = 2 * MAX_MESSAGE_BYTES;
/** Written and not sent yet; then the call's messages are asked for no faster than they leave. */
const WRITE_AHEAD_BYTES = 1024 * 1024;
const WRITE_LOOK_MS = 20;

/**
 * gRPC-Web over websockets, one socket a call: what a page needs for calls where both sides stream, which its `fetch`
 * cannot make. An aborted call closes its socket, which the server takes as a cancel.
 */
export function createWebSocketTransport(options: WebSocketTransportOptions): Transport {
  const { baseUrl, open = openPageSocket, clock, interceptors = [], defaultTimeoutMs } = options;
  const httpClient: UniversalClientFn = async ({ url, header, body, signal }) => {
    signal?.throwIfAborted();
    const startedMs = clock.now();
    const call = new SocketExchange(open, url.replace(/^http/, "ws"), clock);
    const onAbort = () => call.cancel(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    await call.opened;
    call.send(headerBlock(header, clock.now() - startedMs));
    void call.sendBody(body ?? none(), signal);
    const answered = await call.header();
    // With the status among the headers nothing follows ("trailers only").
    const rest = answered.has("grpc-status") ? none() : call.body();
    return { status: 200, header: answered, body: rest, trailer: new Headers() };
  };
  return createTransport({
    httpClient,
    baseUrl: baseUrl.replace(/\/+$/, ""),
    useBinaryFormat: true,
    interceptors: [...interceptors],
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: 1024,
    readMaxBytes: MAX_MESSAGE_BYTES,
    writeMaxBytes: MAX_MESSAGE_BYTES,
    ...(defaultTimeoutMs === undefined ? {} : { defaultTimeoutMs }),
  });
}

/** One socket and what has come over it. */
class SocketExchange {
  readonly opened: Promise<void>;
  readonly #clock: Clock;
  readonly #socket: OpenedSocket;
  readonly #frames = new GrpcWebFrameReader({ maxBytes: MAX_MESSAGE_BYTES });
  readonly #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  /** Why nothing more will come. */
  #end: { readonly reason: unknown } | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(open: OpenSocket, url: string, clock: Clock) {
    this.#clock = clock;
    const opened = Promise.withResolvers<void>();
    this.opened = opened.promise;
    this.#socket = open(url, SUBPROTOCOL, {
      opened: opened.resolve,
      message: (bytes) => this.#receive(bytes),
      closed: (code, reason) => {
        this.#finish(closedBy(code, reason));
        opened.reject(this.#end?.reason);
      },
    });
  }

  cancel(reason: unknown): void {
    this.#finish(reason);
    this.#socket.close(NORMAL_CLOSURE);
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  /** Never rejects: what fails here is a failed call, and that is told by its answer. */
  async sendBody(body: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<void> {
    try {
      for await (const bytes of body) {
        while (this.#socket.bufferedAmount > WRITE_AHEAD_BYTES)
          await this.#clock.sleep(WRITE_LOOK_MS, { signal });
        if (this.#end) return;
        const message = new Uint8Array(bytes.length + 1);
        message.set(bytes, 1);
        this.#socket.send(message);
      }
      if (!this.#end) this.#socket.send(FINISH_SEND);
    } catch (error) {
      this.cancel(error);
    }
  }

  async header(): Promise<Headers> {
    const frame = await this.#next();
    if ((frame[0]! & HEADER_FLAG) === 0)
      throw new ConnectError("The answer does not begin with its headers.", Code.Internal);
    const header = new Headers();
    for (const line of String.fromCharCode(...frame.subarray(PREFIX_BYTES)).split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) header.append(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    return header;
  }

  /** The messages and the trailers, after which nothing counts. */
  async *body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const frame = await this.#next();
        yield frame;
        if ((frame[0]! & HEADER_FLAG) !== 0) return;
      }
    } finally {
      this.cancel(new ConnectError("The call has ended.", Code.Canceled));
    }
  }

  async #next(): Promise<Uint8Array> {
    for (;;) {
      const frame = this.#unread.shift();
      if (frame) {
        this.#unreadBytes -= frame.length;
        return frame;
      }
      if (this.#end) throw this.#end.reason;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }

  #receive(bytes: Uint8Array): void {
    if (this.#end) return;
    try {
      for (const frame of this.#frames.push(bytes)) {
        this.#unread.push(frame.bytes);
        this.#unreadBytes += frame.bytes.length;
      }
      if (this.#unreadBytes > MAX_UNREAD_BYTES)
        throw new ConnectError("More came than was read.", Code.ResourceExhausted);
    } catch (error) {
      this.cancel(error);
    }
    this.#wake.resolve();
  }

  #finish(reason: unknown): void {
    this.#end ??= { reason };
    this.#wake.resolve();
  }
}

/** @param spentMs What connecting took of the call's time: the server counts from when it reads this. */
function headerBlock(header: Headers, spentMs: number): Uint8Array {
  let block = "";
  for (const [name, value] of header)
    block += `${name}: ${name === "grpc-timeout" ? shorter(value, spentMs) : value}\r\n`;
  if (!/^[\x20-\x7e\r\n]*$/.test(block))
    throw new ConnectError("Headers are printable ASCII.", Code.InvalidArgument);
  return new TextEncoder().encode(block);
}

/** connect-es names deadlines in milliseconds. */
function shorter(timeout: string, spentMs: number): string {
  const ms = /^(\d+)m$/.exec(timeout)?.[1];
  return ms === undefined ? timeout : `${Math.max(1, Number(ms) - Math.ceil(spentMs))}m`;
}

/** A page is not told why an upgrade was refused (1006); what the server closes with, it says. */
function closedBy(code: number, reason: string): ConnectError {
  const why = reason === "" ? `The connection was closed (${code}).` : reason;
  return new ConnectError(
    why,
    code === 1008 || code === 1002 || code === 1003 ? Code.Internal : Code.Unavailable,
  );
}

async function* none(): AsyncGenerator<Uint8Array> {}

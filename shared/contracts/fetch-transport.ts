import type { Interceptor, Transport } from "@connectrpc/connect";
import { type UniversalClientFn, universalClientResponseFromFetch } from "@connectrpc/connect/protocol";
import { createTransport } from "@connectrpc/connect/protocol-connect";

export interface FetchTransportOptions {
  /** Where the control plane answers, for example `http://127.0.0.1:4410`; no path. */
  readonly baseUrl: string;
  /** @default the `fetch` of the runtime */
  readonly fetch?: typeof globalThis.fetch;
  readonly interceptors?: readonly Interceptor[];
  /** Milliseconds for calls that name no other limit; streams never end by it. @default none */
  readonly defaultTimeoutMs?: number;
}

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/**
 * The Connect protocol, binary, over `fetch`: runs in Node and in a page, over HTTP/1.1 as well. Requests are sent as
 * one body, because pages cannot stream one over HTTP/1.1; answers may stream.
 */
export function createFetchTransport(options: FetchTransportOptions): Transport {
  const fetchFn = options.fetch ?? globalThis.fetch.bind(globalThis);
  const httpClient: UniversalClientFn = async (request) => {
    const body = request.body === undefined ? null : await collect(request.body);
    const response = await fetchFn(request.url, {
      method: request.method,
      headers: request.header,
      body,
      signal: request.signal ?? null,
    });
    const answer = universalClientResponseFromFetch(response);
    const header = new Headers(answer.header);
    if (header.has("content-encoding")) {
      // `fetch` has undone the compression, and leaves the headers that speak of it.
      header.delete("content-encoding");
      header.delete("content-length");
    }
    return { ...answer, header };
  };
  return createTransport({
    httpClient,
    baseUrl: options.baseUrl.replace(/\/+$/, ""),
    useBinaryFormat: true,
    interceptors: [...(options.interceptors ?? [])],
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: 1024,
    readMaxBytes: MAX_MESSAGE_BYTES,
    writeMaxBytes: MAX_MESSAGE_BYTES,
    ...(options.defaultTimeoutMs === undefined ? {} : { defaultTimeoutMs: options.defaultTimeoutMs }),
  });
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}

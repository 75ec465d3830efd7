import { Agent, request } from "undici";
import { abortReason } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";
import type { ByteSource, Transport } from "#upload/ports.ts";
import { storeError } from "./store-error.ts";

/** Bytes of an error answer that are read. */
const MAX_ERROR_BODY = 64 * 1024;

export interface UndiciTransportOptions {
  /** Connections to each store. */
  readonly connections: number;
  /** Milliseconds without a byte before a connection counts as broken. @default 60_000 */
  readonly idleTimeoutMs?: number;
}

/** Sends bytes over undici's connection pools. */
export function createUndiciTransport({
  connections,
  idleTimeoutMs = 60_000,
}: UndiciTransportOptions): Transport & AsyncDisposable {
  const agent = new Agent({
    connections,
    pipelining: 1,
    headersTimeout: idleTimeoutMs,
    bodyTimeout: idleTimeoutMs,
    connect: { timeout: 10_000 },
  });
  return {
    async put(signed, { source, start, end }, { signal, onSent }) {
      let sourceError: unknown;
      try {
        const answer = await request(signed.url, {
          dispatcher: agent,
          method: "PUT",
          headers: { ...signed.headers, "content-length": String(end - start) },
          body:
            source.bytes?.(start, end) ??
            // undici sends any async iterable; its types name streams alone.
            (chunks(source, start, end, onSent, (error) => {
              sourceError = error;
            }) as unknown as Uint8Array),
          signal,
        });
        if (answer.statusCode >= 200 && answer.statusCode < 300) {
          await answer.body.dump();
          onSent?.(end - start);
          const etag = answer.headers.etag;
          return { etag: (Array.isArray(etag) ? (etag[0] ?? "") : (etag ?? "")).replace(/^"|"$/g, "") };
        }
        throw storeError(answer.statusCode, (await answer.body.text()).slice(0, MAX_ERROR_BODY));
      } catch (error) {
        if (error instanceof AppError) throw error;
        if (signal.aborted) throw abortReason(signal);
        if (sourceError instanceof AppError) throw sourceError;
        throw new AppError(
          "store.unreachable",
          "The store does not answer. Platemark goes on when it does.",
          {
            retry: "backoff",
            cause: error,
          },
        );
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

async function* chunks(
  source: ByteSource,
  start: number,
  end: number,
  onSent: ((bytes: number) => void) | undefined,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  try {
    for await (const chunk of source.stream(start, end)) {
      yield chunk;
      sent += chunk.byteLength;
      onSent?.(sent);
    }
  } catch (error) {
    onError(error);
    throw error;
  }
}

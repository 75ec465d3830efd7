/**
 * What the upload engine needs of its surroundings. It runs in Node and in a page's worker, so nothing here is of either.
 */

/** One file's bytes. */
export interface ByteSource {
  readonly size: number;
  /** Bytes `start` inclusive to `end` exclusive. The engine cancels the stream when it stops early. */
  stream(start: number, end: number): ReadableStream<Uint8Array>;
  /** The same bytes at once, where they are in memory already; a transport then need not stream. */
  bytes?(start: number, end: number): Uint8Array;
}

/** A request that the control plane has signed. */
export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAtMs: number;
}

export interface ConfirmedPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly size: number;
}

/** Sends bytes to the store. @throws AppError with `retry` set: `store.unreachable`, `store.slow_down`,
 *  `upload.expired_url`, `upload.clock_skew`, `store.refused`, `upload.gone`. */
export interface Transport {
  put(
    request: SignedRequest,
    body: { readonly source: ByteSource; readonly start: number; readonly end: number },
    options: { readonly signal: AbortSignal; readonly onSent?: (bytes: number) => void },
  ): Promise<{ readonly etag: string }>;
}

/** Signs parts and knows what the store has confirmed. */
export interface PartSigner {
  sign(
    parts: readonly { readonly partNumber: number; readonly size: number }[],
    options: { readonly signal: AbortSignal },
  ): Promise<readonly (SignedRequest & { readonly partNumber: number })[]>;
  list(options: { readonly signal: AbortSignal }): Promise<readonly ConfirmedPart[]>;
}

/** Remembers confirmed parts; what it has acknowledged is on disk. */
export interface PartJournal {
  confirmed(): Promise<readonly ConfirmedPart[]>;
  confirm(part: ConfirmedPart): Promise<void>;
}

import type { Readable } from "node:stream";

export interface StoredObject {
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Lower-case hex of the whole object's SHA-256, when the store vouches for one; composite checksums do not count. */
  readonly sha256: string | null;
  readonly contentType: string;
  /** User metadata, names in lower case without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface StoredPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly size: number;
}

/** A request that somebody else may send, with exactly these headers, until `expiresAtMs`. */
export interface PresignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAtMs: number;
}

export interface PutOptions {
  readonly contentType: string;
  /** Lower-case hex; the store refuses other bytes. */
  readonly sha256: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Only if the key holds the object with this ETag; `null`: only if it holds none. @default whatever it holds */
  readonly ifMatch?: string | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes that are read while they are sent. */
export interface SizedStream {
  readonly stream: Readable;
  /** Bytes. */
  readonly size: number;
}

/** One thing `ensureReady` did, found done, or was refused by the server. */
export interface StoreSetupStep {
  readonly step: "bucket" | "policy" | "conditions" | "lifecycle";
  readonly outcome: "made" | "present" | "refused";
  readonly message: string;
}

/**
 * The S3 bucket. Keys are UTF-8 strings, never paths. Leaves out on purpose: listing, versions, tags.
 * @throws AppError `store.unreachable` (backoff), `store.slow_down` (backoff), `store.refused`, `not_found`.
 */
export interface ObjectStore {
  readonly bucket: string;
  /** Makes bucket, anonymous read on `watermarked/` and lifecycle; can be run again. */
  ensureReady(options?: { readonly signal?: AbortSignal }): Promise<readonly StoreSetupStep[]>;
  /** Signs `content-length`, `content-type`, `x-amz-checksum-sha256`, `x-amz-meta-checksum` and the metadata. At most
   *  900 s. */
  presignPut(
    key: string,
    put: {
      readonly size: number;
      readonly contentType: string;
      readonly sha256: string;
      readonly metadata?: Readonly<Record<string, string>>;
      readonly expiresSeconds: number;
    },
  ): Promise<PresignedRequest>;
  presignPart(
    key: string,
    part: {
      readonly uploadId: string;
      readonly partNumber: number;
      readonly size: number;
      readonly expiresSeconds: number;
    },
  ): Promise<PresignedRequest>;
  presignGet(key: string, options: { readonly expiresSeconds: number }): Promise<PresignedRequest>;
  /** `null` when there is no such object. */
  head(key: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<StoredObject | null>;
  /** The caller must read the body to its end or destroy it. Each chunk is the caller's alone. */
  get(
    key: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly object: StoredObject; readonly body: Readable }>;
  /** All or nothing: readers see what was there before, or all of this. A stream that breaks off changes nothing.
   *  The bytes are the caller's again when this ends.
   *  @throws AppError `store.precondition_failed` when `ifMatch` does not hold; `upload.checksum_mismatch`. */
  put(key: string, body: Uint8Array | SizedStream, options: PutOptions): Promise<{ readonly etag: string }>;
  /** Copies within the bucket, type and metadata included; the bytes do not travel.
   *  @throws AppError `store.precondition_failed` when `from` has another ETag than `ifMatch` by now. */
  copy(
    from: string,
    to: string,
    options: { readonly ifMatch: string; readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly etag: string }>;
  remove(key: string): Promise<void>;
  createMultipart(
    key: string,
    options: { readonly contentType: string; readonly metadata?: Readonly<Record<string, string>> },
  ): Promise<string>;
  /** All of them, whatever the server's page size. @throws AppError `upload.gone` when the store has forgotten it. */
  listParts(key: string, uploadId: string): Promise<readonly StoredPart[]>;
  /** @throws AppError `upload.gone`; `conflict` when the parts do not match. */
  completeMultipart(
    key: string,
    uploadId: string,
    parts: readonly StoredPart[],
  ): Promise<{ readonly etag: string }>;
  /** An unknown upload is not an error. */
  abortMultipart(key: string, uploadId: string): Promise<void>;
  close(): Promise<void>;
}

import type { Readable } from "node:stream";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type {
  ObjectStore,
  PresignedRequest,
  PutOptions,
  SizedStream,
  StoredObject,
  StoredPart,
} from "../../services/ports/object-store.ts";
import { uriEncode, uriEncodePath } from "../../sigv4/uri-encoding.ts";
import { prepareBucket } from "./prepare-bucket.ts";
import { type S3Answer, S3Client, type S3ClientDeps, type S3Location } from "./s3-client.ts";
import { asRecord, escapeXml, parseXml, text } from "./s3-xml.ts";

/** Ends the walk through a part list whose server repeats itself (uppy#5961): 10,000 parts are ten pages. */
const MAX_PART_PAGES = 100;

/** The port over any S3-compatible server, path style. */
export function createS3ObjectStore(location: S3Location, deps: S3ClientDeps): ObjectStore {
  return new S3ObjectStore(location, deps.clock, new S3Client(location, deps));
}

class S3ObjectStore implements ObjectStore {
  readonly bucket: string;
  readonly #clock: Clock;
  readonly #client: S3Client;
  readonly #region: string;

  constructor(location: S3Location, clock: Clock, client: S3Client) {
    this.bucket = location.bucket;
    this.#region = location.region;
    this.#clock = clock;
    this.#client = client;
  }

  ensureReady(options: { readonly signal?: AbortSignal } = {}) {
    return prepareBucket(this.#client, { bucket: this.bucket, region: this.#region, signal: options.signal });
  }

  async presignPut(
    key: string,
    put: {
      readonly size: number;
      readonly contentType: string;
      readonly sha256: string;
      readonly metadata?: Readonly<Record<string, string>>;
      readonly expiresSeconds: number;
    },
  ): Promise<PresignedRequest> {
    return this.#presign("PUT", key, put.expiresSeconds, {
      "content-length": String(put.size),
      "content-type": put.contentType,
      "x-amz-checksum-sha256": hexToBase64(put.sha256),
      "x-amz-meta-checksum": put.sha256,
      ...metadataHeaders(put.metadata),
    });
  }

  async presignPart(
    key: string,
    part: {
      readonly uploadId: string;
      readonly partNumber: number;
      readonly size: number;
      readonly expiresSeconds: number;
    },
  ): Promise<PresignedRequest> {
    const headers = { "content-length": String(part.size) };
    return this.#presign("PUT", key, part.expiresSeconds, headers, {
      partNumber: String(part.partNumber),
      uploadId: part.uploadId,
    });
  }

  async presignGet(key: string, options: { readonly expiresSeconds: number }): Promise<PresignedRequest> {
    return this.#presign("GET", key, options.expiresSeconds, {});
  }

  async head(key: string, options: { readonly signal?: AbortSignal | undefined } = {}) {
    try {
      const answer = await this.#client.send({
        operation: "HeadObject",
        method: "HEAD",
        key,
        headers: { "x-amz-checksum-mode": "ENABLED" },
        signal: options.signal,
      });
      answer.body.resume();
      return storedObject(answer);
    } catch (error) {
      if (error instanceof AppError && error.code === "not_found") return null;
      throw error;
    }
  }

  async get(
    key: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<{ object: StoredObject; body: Readable }> {
    const answer = await this.#client.send({
      operation: "GetObject",
      method: "GET",
      key,
      headers: { "x-amz-checksum-mode": "ENABLED" },
      signal: options.signal,
    });
    return { object: storedObject(answer), body: answer.body };
  }

  async put(key: string, body: Uint8Array | SizedStream, options: PutOptions): Promise<{ etag: string }> {
    const streamed = "stream" in body;
    const request = {
      operation: "PutObject",
      method: "PUT",
      key,
      headers: {
        "content-length": String(streamed ? body.size : body.byteLength),
        "content-type": options.contentType,
        "x-amz-checksum-sha256": hexToBase64(options.sha256),
        ...metadataHeaders(options.metadata),
        ...conditionHeaders(options.ifMatch),
      },
      body: streamed ? body.stream : body,
      payloadSha256: options.sha256,
      signal: options.signal,
    } as const;
    const answer = await this.#client.send(request).catch((error: unknown) => {
      throw options.ifMatch === undefined ? error : unmetCondition(error);
    });
    answer.body.resume();
    return { etag: unquote(answer.header("etag")) };
  }

  async copy(
    from: string,
    to: string,
    { ifMatch, signal }: { readonly ifMatch: string; readonly signal?: AbortSignal | undefined },
  ): Promise<{ etag: string }> {
    const answer = await this.#client
      .sendForText({
        operation: "CopyObject",
        method: "PUT",
        key: to,
        headers: {
          "x-amz-copy-source": `/${uriEncode(this.bucket)}/${uriEncodePath(from)}`,
          "x-amz-copy-source-if-match": `"${ifMatch}"`,
        },
        signal,
      })
      .catch((error: unknown) => {
        throw unmetCondition(error);
      });
    return { etag: unquote(text(asRecord(parseXml(answer).CopyObjectResult).ETag)) };
  }

  async remove(key: string): Promise<void> {
    await this.#client.sendForText({ operation: "DeleteObject", method: "DELETE", key });
  }

  async createMultipart(
    key: string,
    options: { readonly contentType: string; readonly metadata?: Readonly<Record<string, string>> },
  ): Promise<string> {
    const answer = await this.#client.sendForText({
      operation: "CreateMultipartUpload",
      method: "POST",
      key,
      query: { uploads: "" },
      headers: { "content-type": options.contentType, ...metadataHeaders(options.metadata) },
    });
    const uploadId = text(asRecord(parseXml(answer).InitiateMultipartUploadResult).UploadId);
    if (!uploadId) throw new AppError("store.refused", "The store started an upload without naming it.");
    return uploadId;
  }

  async listParts(key: string, uploadId: string): Promise<readonly StoredPart[]> {
    const parts: StoredPart[] = [];
    let marker = "";
    for (let page = 0; page < MAX_PART_PAGES; page++) {
      const answer = await this.#client.sendForText({
        operation: "ListParts",
        method: "GET",
        key,
        query: { uploadId, ...(marker ? { "part-number-marker": marker } : {}) },
      });
      const result = asRecord(parseXml(answer).ListPartsResult);
      const found = Array.isArray(result.Part) ? result.Part.map(storedPart) : [];
      parts.push(...found);
      const next = text(result.NextPartNumberMarker);
      if (text(result.IsTruncated) !== "true" || next === marker || found.length === 0) return parts;
      marker = next;
    }
    throw new AppError("store.refused", "The store's list of parts does not end.");
  }

  async completeMultipart(
    key: string,
    uploadId: string,
    parts: readonly StoredPart[],
  ): Promise<{ etag: string }> {
    const list = parts
      .map(
        ({ partNumber, etag }) =>
          `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(`"${etag}"`)}</ETag></Part>`,
      )
      .join("");
    const answer = await this.#client.sendForText({
      operation: "CompleteMultipartUpload",
      method: "POST",
      key,
      query: { uploadId },
      headers: { "content-type": "application/xml" },
      body: Buffer.from(
        `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list}</CompleteMultipartUpload>`,
      ),
    });
    return { etag: unquote(text(asRecord(parseXml(answer).CompleteMultipartUploadResult).ETag)) };
  }

  async abortMultipart(key: string, uploadId: string): Promise<void> {
    try {
      await this.#client.sendForText({
        operation: "AbortMultipartUpload",
        method: "DELETE",
        key,
        query: { uploadId },
      });
    } catch (error) {
      if (!(error instanceof AppError) || (error.code !== "upload.gone" && error.code !== "not_found"))
        throw error;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #presign(
    method: "GET" | "PUT",
    key: string,
    expiresSeconds: number,
    headers: Readonly<Record<string, string>>,
    query?: Readonly<Record<string, string>>,
  ): PresignedRequest {
    const url = this.#client.presign({ method, key, headers, expiresSeconds, ...(query ? { query } : {}) });
    return { url, headers, expiresAtMs: this.#clock.now() + expiresSeconds * 1000 };
  }
}

function storedObject(answer: S3Answer): StoredObject {
  const metadata: Record<string, string> = {};
  for (const [name, value] of answer.headers())
    if (name.startsWith("x-amz-meta-")) metadata[name.slice("x-amz-meta-".length)] = value;
  return {
    size: Number(answer.header("content-length") ?? 0),
    etag: unquote(answer.header("etag")),
    sha256: wholeSha256(answer),
    contentType: answer.header("content-type") ?? "application/octet-stream",
    metadata,
  };
}

/** A composite checksum (`…-3`, or so declared) says nothing about the whole. */
function wholeSha256(answer: S3Answer): string | null {
  const checksum = answer.header("x-amz-checksum-sha256");
  if (checksum === undefined || answer.header("x-amz-checksum-type") === "COMPOSITE") return null;
  const bytes = Buffer.from(checksum, "base64");
  return !checksum.includes("-") && bytes.length === 32 ? bytes.toString("hex") : null;
}

function storedPart(part: unknown): StoredPart {
  const record = asRecord(part);
  return {
    partNumber: Number(text(record.PartNumber)),
    etag: unquote(text(record.ETag)),
    size: Number(text(record.Size)),
  };
}

function conditionHeaders(ifMatch: string | null | undefined): Record<string, string> {
  if (ifMatch === undefined) return {};
  return ifMatch === null ? { "if-none-match": "*" } : { "if-match": `"${ifMatch}"` };
}

/** An object that has gone does not match either; neither does one that another conditional write is changing now. */
function unmetCondition(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const { code, details } = error;
  if (code !== "not_found" && details.s3Code !== "ConditionalRequestConflict") return error;
  return new AppError("store.precondition_failed", "The object has changed meanwhile.", {
    details,
    cause: error,
  });
}

function metadataHeaders(metadata: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name.toLowerCase()}`, value]),
  );
}

function hexToBase64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}

function unquote(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}

import { createHash, type Hash } from "node:crypto";
import { AwsChunkedDecoder } from "../sigv4/aws-chunked.ts";
import { ChunkSignatureChain } from "../sigv4/chunk-signature.ts";
import { UNSIGNED_PAYLOAD } from "../sigv4/signature.ts";
import {
  type AnnouncedChecksum,
  announcedChecksum,
  type ChecksumAlgorithm,
  checkedValue,
  checksumHeader,
  startChecksum,
} from "./checksum.ts";
import type { RunningChecksum } from "./crc.ts";
import { S3Error } from "./s3-error.ts";
import type { S3Request } from "./s3-request.ts";

/** Somewhere the payload goes as it arrives, for good: nobody else looks at it again. A promise holds the sender back. */
export type BodySink = (bytes: Uint8Array) => Promise<void> | undefined;

export interface ReceivedBody {
  readonly size: number;
  /** Hex: its MD5, or, where `takesSha256` allows it, its SHA-256. */
  readonly etag: string;
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | null;
}

export interface BodyOptions {
  /** Bytes; more is `EntityTooLarge`. */
  readonly maxBytes: number;
  /** Computed even if the client announces none. */
  readonly algorithm?: ChecksumAlgorithm | null;
  /** The ETag may be the SHA-256 that the client has sent ahead: MD5, which takes twice as long, is not computed then.
   *  @default false */
  readonly takesSha256?: boolean;
}

/**
 * Receives a request's payload once, from first to last byte: takes the transfer encoding off, verifies length,
 * signature, Content-MD5, SHA-256 and checksum, and hashes only what somebody asked for. What `sink` was given must
 * stay out of sight until this has resolved.
 * @throws S3Error for everything that does not agree, `IncompleteBody` when the sender vanished.
 */
export async function receiveBody(
  request: S3Request,
  sink: BodySink,
  options: BodyOptions,
): Promise<ReceivedBody> {
  const expected = expectations(request, options);
  const { decoder, hashes } = expected;
  let size = 0;
  const take = (bytes: Uint8Array) => {
    size += bytes.length;
    if (size > options.maxBytes) throw new S3Error("EntityTooLarge");
    if (expected.size !== null && size > expected.size) throw new S3Error("IncompleteBody");
    hashes.md5?.update(bytes);
    hashes.sha256?.update(bytes);
    hashes.checksum?.update(bytes);
    return sink(bytes);
  };
  await forEachChunk(request, (bytes) => {
    if (!decoder) return take(bytes);
    let waiting: Promise<void> | undefined;
    for (const piece of decoder.push(bytes)) waiting = take(piece) ?? waiting;
    return waiting;
  });
  decoder?.finish();
  if (expected.size !== null && size !== expected.size) throw new S3Error("IncompleteBody");
  return verdict(expected, decoder, size);
}

/** A small body as text, verified like any other. @throws S3Error */
export async function receiveText(request: S3Request, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  await receiveBody(
    request,
    (bytes) => {
      chunks.push(bytes);
      return undefined;
    },
    { maxBytes },
  );
  return Buffer.concat(chunks).toString("utf8");
}

interface Expectations {
  readonly size: number | null;
  readonly decoder: AwsChunkedDecoder | null;
  readonly contentMd5: string | null;
  readonly payloadSha256: string | null;
  readonly announced: AnnouncedChecksum | null;
  readonly algorithm: ChecksumAlgorithm | null;
  readonly hashes: {
    /** Not where the ETag is the SHA-256. */
    readonly md5: Hash | null;
    /** Also the checksum, where that is SHA-256. */
    readonly sha256: Hash | null;
    readonly checksum: RunningChecksum | null;
  };
}

function expectations(request: S3Request, options: BodyOptions): Expectations {
  const { headers, signer } = request;
  const payloadHash = signer?.payloadHash ?? headers["x-amz-content-sha256"] ?? UNSIGNED_PAYLOAD;
  const decoder = decoderFor(request, payloadHash);
  const announced = announcedChecksum(headers);
  const algorithm = announced?.algorithm ?? options.algorithm ?? null;
  const signedBody = /^[0-9a-f]{64}$/.test(payloadHash);
  const md5 = contentMd5(headers);
  const namesSha256 = announced?.algorithm === "SHA256" && announced.value !== undefined;
  if (!decoder && !signedBody && payloadHash !== UNSIGNED_PAYLOAD)
    throw new S3Error("InvalidArgument", {
      message: "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING-… literal or a hex SHA-256.",
    });
  return {
    size: decoder ? decodedLength(headers) : contentLength(headers),
    decoder,
    contentMd5: md5,
    payloadSha256: signedBody ? payloadHash : null,
    announced,
    algorithm,
    hashes: {
      md5: options.takesSha256 && namesSha256 && md5 === null ? null : createHash("md5"),
      sha256: signedBody ? createHash("sha256") : null,
      checksum:
        algorithm === null || (algorithm === "SHA256" && signedBody) ? null : startChecksum(algorithm),
    },
  };
}

function verdict(expected: Expectations, decoder: AwsChunkedDecoder | null, size: number): ReceivedBody {
  const md5 = expected.hashes.md5?.digest("hex");
  if (expected.contentMd5 !== null && expected.contentMd5 !== md5) throw new S3Error("BadDigest");
  const sha256 = expected.hashes.sha256?.digest();
  if (expected.payloadSha256 !== null && sha256?.toString("hex") !== expected.payloadSha256)
    throw new S3Error("XAmzContentSHA256Mismatch");
  const { algorithm, announced } = expected;
  const checksum = expected.hashes.checksum?.digest() ?? sha256;
  const etag = md5 ?? checksum!.toString("hex");
  if (algorithm === null || !checksum) return { size, etag, checksum: null };
  const value = checksum.toString("base64");
  if (announced) {
    const name = checksumHeader(algorithm);
    const sent = announced.value ?? decoder?.trailers.get(name);
    if (sent === undefined)
      throw new S3Error("InvalidRequest", { message: `The trailer ${name} was announced and did not come.` });
    if (checkedValue(algorithm, sent) !== value)
      throw new S3Error("BadDigest", {
        message: `The ${algorithm} you specified did not match the calculated checksum.`,
      });
  }
  return { size, etag, checksum: { algorithm, value } };
}

function decoderFor(request: S3Request, payloadHash: string): AwsChunkedDecoder | null {
  const signed = /^STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?$/.exec(payloadHash);
  if (signed) {
    if (!request.signer) throw new S3Error("AccessDenied");
    return new AwsChunkedDecoder({
      chain: new ChunkSignatureChain(request.signer),
      trailers: signed[1] !== undefined,
    });
  }
  if (payloadHash === "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return new AwsChunkedDecoder({ trailers: true });
  if (payloadHash.startsWith("STREAMING-")) throw new S3Error("NotImplemented");
  return null;
}

function contentLength(headers: Readonly<Record<string, string>>): number | null {
  const text = headers["content-length"];
  if (text !== undefined) return Number(text);
  if (headers["transfer-encoding"] === undefined) return 0;
  throw new S3Error("MissingContentLength");
}

function decodedLength(headers: Readonly<Record<string, string>>): number {
  const text = headers["x-amz-decoded-content-length"];
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new S3Error("MissingContentLength");
  return Number(text);
}

/** Hex, or `null` without the header. */
function contentMd5(headers: Readonly<Record<string, string>>): string | null {
  const text = headers["content-md5"];
  if (text === undefined) return null;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 16 || bytes.toString("base64") !== text) throw new S3Error("InvalidDigest");
  return bytes.toString("hex");
}

/** Reads the raw body to its end. Plain listeners, because an async iterator costs a quarter of the throughput. */
function forEachChunk(request: S3Request, take: BodySink): Promise<void> {
  const { incoming } = request;
  return new Promise((resolve, reject) => {
    let pending: Promise<void> = Promise.resolve();
    let failed = false;
    const fail = (error: unknown) => {
      failed = true;
      incoming.off("data", onData);
      reject(error);
    };
    const onData = (bytes: Buffer) => {
      if (failed) return;
      try {
        const waiting = take(bytes);
        if (!waiting) return;
        incoming.pause();
        pending = waiting.then(() => void incoming.resume(), fail);
      } catch (error) {
        fail(error);
      }
    };
    incoming.on("data", onData);
    incoming.once("end", () => void pending.then(() => resolve()));
    incoming.once("error", () => fail(new S3Error("IncompleteBody")));
    incoming.once("close", () => {
      if (!incoming.complete) fail(new S3Error("IncompleteBody"));
    });
    if (incoming.readableEnded) resolve();
  });
}

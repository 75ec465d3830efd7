import type { ServerResponse } from "node:http";
import { freeMemory } from "#kernel/free-memory.ts";
import type { BlobStore } from "../blob-store.ts";
import { checkRead } from "../conditions.ts";
import { type ByteRange, parseRange } from "../http-range.ts";
import { notModifiedHeaders, objectHeaders } from "../object-headers.ts";
import { S3Error } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";
import { type ResponseHeaders, sendEmpty, setHeaders } from "../s3-response.ts";
import { readSegments } from "../segment-reader.ts";
import type { StoreParts } from "../store-parts.ts";
import type { Bucket, Segment, StoredVersion } from "../stored-object.ts";
import { partNumberOf } from "./put-object.ts";

/** The version that a request means. @throws S3Error `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` for a marker. */
export function requestedVersion(
  parts: StoreParts,
  bucket: Bucket,
  key: string,
  version: string | undefined,
): StoredVersion {
  const object =
    version === undefined ? parts.objects.latest(bucket, key) : parts.objects.version(bucket, key, version);
  if (!object) throw new S3Error(version === undefined ? "NoSuchKey" : "NoSuchVersion");
  if (!object.marker) return object;
  throw new S3Error(version === undefined ? "NoSuchKey" : "MethodNotAllowed", {
    headers: { "x-amz-delete-marker": "true", "x-amz-version-id": object.version },
  });
}

/** GET and HEAD of an object. */
export async function getObject(request: S3Request, parts: StoreParts): Promise<void> {
  const { headers, query } = request;
  const bucket = parts.buckets.get(request.bucketName!);
  const object = requestedVersion(parts, bucket, request.key!, query.get("versionId"));
  if (checkRead(headers, object) === "not-modified") {
    sendEmpty(request, 304, notModifiedHeaders(object));
    return;
  }
  const segments = parts.objects.segments(object);
  const { range, partsCount } = requestedBytes(request, object, segments);
  const whole = range === null;
  const { start, end } = range ?? { start: 0, end: object.size };
  setHeaders(request.response, {
    ...objectHeaders(object, {
      checksum: whole && headers["x-amz-checksum-mode"]?.toUpperCase() === "ENABLED",
    }),
    ...overrides(request),
    "content-length": end - start,
    "content-range": whole ? undefined : `bytes ${start}-${end - 1}/${object.size}`,
    "x-amz-mp-parts-count": partsCount,
  });
  if (request.method === "HEAD" || end === start) {
    request.response.writeHead(whole ? 200 : 206);
    request.response.end();
    return;
  }
  using _held = parts.blobs.hold(segments.flatMap(({ blob }) => (blob === null ? [] : [blob])));
  await sendBytes(request.response, parts.blobs, segments, { start, end }, whole ? 200 : 206);
}

function requestedBytes(
  request: S3Request,
  object: StoredVersion,
  segments: readonly Segment[],
): { readonly range: ByteRange | null; readonly partsCount: number | undefined } {
  const partNumber = request.query.get("partNumber");
  if (partNumber !== undefined) {
    const wanted = partNumberOf(partNumber);
    const multipart = object.etag.includes("-");
    let start = 0;
    for (const segment of segments) {
      if ((multipart ? segment.partNumber : 1) === wanted)
        return {
          range: segment.size === 0 ? null : { start, end: start + segment.size },
          partsCount: multipart ? segments.length : undefined,
        };
      start += segment.size;
    }
    throw new S3Error("InvalidPart");
  }
  const range = parseRange(request.headers.range, object.size);
  if (range === "unsatisfiable")
    throw new S3Error("InvalidRange", { headers: { "content-range": `bytes */${object.size}` } });
  return { range, partsCount: undefined };
}

/** `response-content-type` and its like change what is answered; only who signed may ask for it. */
function overrides(request: S3Request): ResponseHeaders {
  const headers: Record<string, string> = {};
  for (const name of [
    "content-type",
    "content-language",
    "expires",
    "cache-control",
    "content-disposition",
    "content-encoding",
  ]) {
    const value = request.query.get(`response-${name}`);
    if (value === undefined) continue;
    if (!request.signer)
      throw new S3Error("InvalidRequest", {
        message: "Request specific response headers cannot be used for anonymous GET requests.",
      });
    headers[name] = value;
  }
  return headers;
}

async function sendBytes(
  response: ServerResponse,
  blobs: BlobStore,
  segments: readonly Segment[],
  range: ByteRange,
  status: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => response.once("close", resolve));
  const ring: Buffer[] = [];
  let before: Promise<void> | undefined;
  for await (const bytes of readSegments(blobs, segments, range, ring)) {
    if (response.destroyed) return;
    if (!response.headersSent) response.writeHead(status);
    const sent = new Promise<void>((resolve) => response.write(bytes, () => resolve()));
    if (before) await Promise.race([before, closed]);
    before = sent;
  }
  response.end();
  await Promise.race([before, closed]);
  if (!response.destroyed) for (const block of ring) freeMemory(block);
}

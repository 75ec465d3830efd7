import { checksumHeader } from "../checksum.ts";
import { checkWrite } from "../conditions.ts";
import { LIMITS } from "../limits.ts";
import { attributesOf, versionHeader } from "../object-headers.ts";
import { type BodyOptions, type ReceivedBody, receiveBody } from "../request-body.ts";
import { S3Error } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";
import { type ResponseHeaders, sendEmpty } from "../s3-response.ts";
import { nextVersion, type StoreParts } from "../store-parts.ts";
import type { Segment } from "../stored-object.ts";
import { parseTagHeader } from "../tags.ts";

/** A body on disk that nothing refers to yet. */
export interface StoredBody extends ReceivedBody {
  /** `null` when it is empty. */
  readonly blob: string | null;
}

/** Receives a request's body into a blob, durably. After an error nothing is left of it. @throws S3Error */
export async function storeBody(
  request: S3Request,
  parts: Pick<StoreParts, "blobs">,
  options: BodyOptions,
): Promise<StoredBody> {
  const writer = parts.blobs.create({ consumes: true });
  try {
    const body = await receiveBody(request, (bytes) => writer.write(bytes), options);
    if (body.size === 0) return { ...body, blob: null };
    await writer.finish();
    parts.blobs.publish(writer.id);
    return { ...body, blob: writer.id };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

export async function putObject(request: S3Request, parts: StoreParts): Promise<void> {
  const key = request.key!;
  if (request.query.has("partNumber"))
    throw new S3Error("InvalidArgument", { message: "A partNumber needs an uploadId." });
  const attributes = attributesOf(request);
  const tags = parseTagHeader(request.headers["x-amz-tagging"]);
  const bucket = parts.buckets.get(request.bucketName!);
  checkWrite(request.headers, parts.objects.current(bucket, key));
  const body = await storeBody(request, parts, { maxBytes: LIMITS.singlePutBytes, takesSha256: true });
  const segments: Segment[] = body.blob === null ? [] : [{ partNumber: 0, size: body.size, blob: body.blob }];
  const checksum = body.checksum && { ...body.checksum, type: "FULL_OBJECT" as const };
  const version = await parts.committer.commit(body.blob === null ? [] : [body.blob], (transaction) => {
    const current = parts.buckets.get(request.bucketName!);
    checkWrite(request.headers, parts.objects.current(current, key));
    const version = nextVersion(current, parts.random);
    parts.objects.put(
      transaction,
      current,
      key,
      { size: body.size, etag: body.etag, attributes: { ...attributes, checksum }, tags, segments },
      { version, nowMs: parts.clock.now() },
    );
    return version;
  });
  sendEmpty(request, 200, { etag: `"${body.etag}"`, ...checksumHeaders(body), ...versionHeader(version) });
}

export function checksumHeaders(body: ReceivedBody): ResponseHeaders {
  return body.checksum ? { [checksumHeader(body.checksum.algorithm)]: body.checksum.value } : {};
}

/** A part number that can be. @throws S3Error `InvalidPart` for 0 and junk as MinIO does, `InvalidArgument` above the limit. */
export function partNumberOf(text: string | undefined): number {
  const number = /^\d{1,9}$/.test(text ?? "") ? Number(text) : 0;
  if (number < 1) throw new S3Error("InvalidPart");
  if (number > LIMITS.parts)
    throw new S3Error("InvalidArgument", {
      message: `Part number must be an integer between 1 and ${LIMITS.parts}, inclusive`,
    });
  return number;
}

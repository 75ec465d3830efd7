import { type ChecksumType, checksumElement, defaultType, parseAlgorithm } from "../checksum.ts";
import { LIMITS } from "../limits.ts";
import { attributesOf } from "../object-headers.ts";
import { S3Error } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";
import { sendEmpty, sendXml } from "../s3-response.ts";
import type { StoreParts } from "../store-parts.ts";
import { parseTagHeader } from "../tags.ts";
import { isoDate } from "../times.ts";
import type { Upload } from "../upload-index.ts";
import { wholeNumber } from "./list-query.ts";
import { checksumHeaders, partNumberOf, storeBody } from "./put-object.ts";

/** The one owner there is. */
export const OWNER = { ID: "platemark", DisplayName: "platemark" } as const;

export async function createUpload(request: S3Request, parts: StoreParts): Promise<void> {
  const { headers } = request;
  const named = headers["x-amz-checksum-algorithm"];
  const checksumAlgorithm = named === undefined ? null : parseAlgorithm(named);
  const upload: Upload = {
    id: parts.random.uuid(),
    key: request.key!,
    createdMs: parts.clock.now(),
    attributes: { ...attributesOf(request), checksum: null },
    tags: parseTagHeader(headers["x-amz-tagging"]),
    checksumAlgorithm,
    checksumType: checksumAlgorithm && (checksumType(headers) ?? defaultType(checksumAlgorithm)),
  };
  if (upload.checksumType === "FULL_OBJECT" && checksumAlgorithm?.startsWith("SHA"))
    throw new S3Error("InvalidRequest", {
      message: `The FULL_OBJECT checksum type cannot be used with the ${checksumAlgorithm} checksum algorithm.`,
    });
  await parts.committer.commit([], () =>
    parts.uploads.create(parts.buckets.get(request.bucketName!), upload),
  );
  sendXml(
    request,
    "InitiateMultipartUploadResult",
    { Bucket: request.bucketName, Key: request.key, UploadId: upload.id },
    {
      headers: {
        "x-amz-checksum-algorithm": upload.checksumAlgorithm ?? undefined,
        "x-amz-checksum-type": upload.checksumType ?? undefined,
      },
    },
  );
}

/** @throws S3Error `InvalidRequest`. */
export function checksumType(headers: S3Request["headers"]): ChecksumType | null {
  const type = headers["x-amz-checksum-type"]?.toUpperCase();
  if (type === undefined || type === "COMPOSITE" || type === "FULL_OBJECT") return type ?? null;
  throw new S3Error("InvalidRequest", { message: "x-amz-checksum-type must be COMPOSITE or FULL_OBJECT." });
}

/** The open upload that a request names. @throws S3Error `NoSuchBucket`, `NoSuchUpload`. */
export function requestedUpload(request: S3Request, parts: StoreParts): Upload {
  const bucket = parts.buckets.get(request.bucketName!);
  return parts.uploads.get(bucket, request.key!, request.query.get("uploadId") ?? "");
}

export async function uploadPart(request: S3Request, parts: StoreParts): Promise<void> {
  const partNumber = partNumberOf(request.query.get("partNumber"));
  const upload = requestedUpload(request, parts);
  const body = await storeBody(request, parts, {
    maxBytes: LIMITS.partBytes,
    algorithm: upload.checksumAlgorithm,
  });
  await parts.committer.commit(body.blob === null ? [] : [body.blob], (transaction) => {
    parts.uploads.putPart(transaction, requestedUpload(request, parts), {
      partNumber,
      size: body.size,
      etag: body.etag,
      checksum: body.checksum?.algorithm === upload.checksumAlgorithm ? body.checksum!.value : null,
      modifiedMs: parts.clock.now(),
      blob: body.blob,
    });
  });
  sendEmpty(request, 200, { etag: `"${body.etag}"`, ...checksumHeaders(body) });
}

export async function listParts(request: S3Request, parts: StoreParts): Promise<void> {
  const upload = requestedUpload(request, parts);
  const after = wholeNumber(request.query.get("part-number-marker"), "part-number-marker", 0);
  const limit = Math.min(wholeNumber(request.query.get("max-parts"), "max-parts", 1000), LIMITS.listPage);
  const found = limit === 0 ? [] : parts.uploads.parts(upload, { after, limit: limit + 1 });
  const shown = found.slice(0, limit);
  sendXml(request, "ListPartsResult", {
    Bucket: request.bucketName,
    Key: request.key,
    UploadId: upload.id,
    Initiator: OWNER,
    Owner: OWNER,
    StorageClass: "STANDARD",
    PartNumberMarker: after,
    NextPartNumberMarker: shown.at(-1)?.partNumber ?? 0,
    MaxParts: limit,
    IsTruncated: found.length > limit,
    ChecksumAlgorithm: upload.checksumAlgorithm ?? "",
    ChecksumType: upload.checksumType ?? "",
    Part: shown.map((part) => ({
      PartNumber: part.partNumber,
      LastModified: isoDate(part.modifiedMs),
      ETag: `"${part.etag}"`,
      Size: part.size,
      ...(upload.checksumAlgorithm && part.checksum !== null
        ? { [checksumElement(upload.checksumAlgorithm)]: part.checksum }
        : {}),
    })),
  });
}

/** An upload that is not there is aborted already, as on MinIO. */
export async function abortUpload(request: S3Request, parts: StoreParts): Promise<void> {
  await parts.committer.commit([], (transaction) => {
    parts.buckets.get(request.bucketName!);
    try {
      parts.uploads.remove(transaction, requestedUpload(request, parts));
    } catch (error) {
      if (!(error instanceof S3Error && error.code === "NoSuchUpload")) throw error;
    }
  });
  sendEmpty(request, 204);
}

import { checksumElement } from "../checksum.ts";
import { checkWrite } from "../conditions.ts";
import { attributesOf, versionHeader } from "../object-headers.ts";
import { S3Error } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";
import { sendXml } from "../s3-response.ts";
import { nextVersion, type StoreParts } from "../store-parts.ts";
import type { ObjectAttributes, StoredVersion } from "../stored-object.ts";
import { parseTagHeader } from "../tags.ts";
import { isoDate } from "../times.ts";
import { parseCopySource, readCopySource } from "./copy-source.ts";

/** Copies an object by referring to the same blobs: nothing is read or written but the index. */
export async function copyObject(request: S3Request, parts: StoreParts): Promise<void> {
  const { headers } = request;
  const key = request.key!;
  const source = parseCopySource(headers["x-amz-copy-source"]!);
  const replaceMetadata = directive(headers["x-amz-metadata-directive"]);
  const replaceTags = directive(headers["x-amz-tagging-directive"]);
  const same = source.bucketName === request.bucketName && source.key === key && source.version === undefined;
  if (same && !replaceMetadata)
    throw new S3Error("InvalidRequest", {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    });
  const given = attributesOf(request);
  const givenTags = parseTagHeader(headers["x-amz-tagging"]);
  const done = await parts.committer.commit([], (transaction) => {
    const bucket = parts.buckets.get(request.bucketName!);
    const object = readCopySource(request, parts, source);
    checkWrite(headers, parts.objects.current(bucket, key));
    const version = nextVersion(bucket, parts.random);
    const nowMs = parts.clock.now();
    const attributes: ObjectAttributes = replaceMetadata
      ? { ...given, checksum: object.attributes.checksum }
      : object.attributes;
    const segments = parts.objects.segments(object);
    for (const { blob } of segments) transaction.retain(blob);
    parts.objects.put(
      transaction,
      bucket,
      key,
      {
        size: object.size,
        etag: object.etag,
        attributes,
        tags: replaceTags ? givenTags : object.tags,
        segments,
      },
      { version, nowMs },
    );
    for (const { blob } of segments) transaction.release(blob);
    return { object, version, nowMs };
  });
  sendXml(
    request,
    "CopyObjectResult",
    {
      LastModified: isoDate(done.nowMs),
      ETag: `"${done.object.etag}"`,
      ...checksumElements(done.object),
    },
    {
      headers: {
        etag: `"${done.object.etag}"`,
        ...versionHeader(done.version),
        "x-amz-copy-source-version-id": done.object.version === "null" ? undefined : done.object.version,
      },
    },
  );
}

function checksumElements(object: StoredVersion): Record<string, string> {
  const { checksum } = object.attributes;
  return checksum ? { [checksumElement(checksum.algorithm)]: checksum.value } : {};
}

function directive(header: string | undefined): boolean {
  if (header === undefined || header === "COPY") return false;
  if (header === "REPLACE") return true;
  throw new S3Error("InvalidArgument", { message: "A directive must be COPY or REPLACE." });
}

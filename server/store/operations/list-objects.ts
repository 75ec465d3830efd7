import { type Listed, listPage } from "../listing.ts";
import { S3Error } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";
import { sendXml } from "../s3-response.ts";
import type { StoreParts } from "../store-parts.ts";
import type { StoredVersion } from "../stored-object.ts";
import { isoDate } from "../times.ts";
import type { XmlValue } from "../xml-writer.ts";
import { type ListQuery, listQuery } from "./list-query.ts";
import { OWNER } from "./multipart.ts";

export async function listObjectsV2(request: S3Request, parts: StoreParts): Promise<void> {
  const { query } = request;
  const asked = listQuery(request, "max-keys");
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  const after = token === undefined ? (startAfter ?? "") : readToken(token);
  const page = pageOf(request, parts, asked, after);
  sendXml(request, "ListBucketResult", {
    Name: request.bucketName,
    Prefix: asked.encode(asked.prefix),
    StartAfter: startAfter === undefined ? undefined : asked.encode(startAfter),
    ContinuationToken: token,
    NextContinuationToken: page.truncated ? writeToken(nameOf(page.lines.at(-1)!)) : undefined,
    KeyCount: page.lines.length,
    MaxKeys: asked.asked,
    Delimiter: asked.delimiter === "" ? undefined : asked.encode(asked.delimiter),
    IsTruncated: page.truncated,
    EncodingType: asked.encodingType,
    ...linesOf(page.lines, asked, query.get("fetch-owner") === "true"),
  });
}

export async function listObjectsV1(request: S3Request, parts: StoreParts): Promise<void> {
  const asked = listQuery(request, "max-keys");
  const marker = request.query.get("marker") ?? "";
  const page = pageOf(request, parts, asked, marker);
  sendXml(request, "ListBucketResult", {
    Name: request.bucketName,
    Prefix: asked.encode(asked.prefix),
    Marker: asked.encode(marker),
    NextMarker: page.truncated ? asked.encode(nameOf(page.lines.at(-1)!)) : undefined,
    MaxKeys: asked.asked,
    Delimiter: asked.delimiter === "" ? undefined : asked.encode(asked.delimiter),
    IsTruncated: page.truncated,
    EncodingType: asked.encodingType,
    ...linesOf(page.lines, asked, true),
  });
}

function pageOf(
  request: S3Request,
  parts: StoreParts,
  { prefix, delimiter, limit }: ListQuery,
  after: string,
) {
  const bucket = parts.buckets.get(request.bucketName!);
  return listPage((range) => parts.objects.scan(bucket, range, "current"), {
    prefix,
    delimiter,
    after,
    limit,
  });
}

function nameOf(line: Listed<StoredVersion>): string {
  return "prefix" in line ? line.prefix : line.entry.key;
}

function linesOf(
  lines: readonly Listed<StoredVersion>[],
  asked: ListQuery,
  withOwner: boolean,
): Record<string, XmlValue> {
  return {
    Contents: lines.flatMap((line) =>
      "prefix" in line
        ? []
        : [
            {
              Key: asked.encode(line.entry.key),
              LastModified: isoDate(line.entry.modifiedMs),
              ETag: `"${line.entry.etag}"`,
              ChecksumAlgorithm: line.entry.attributes.checksum?.algorithm,
              ChecksumType: line.entry.attributes.checksum?.type,
              Size: line.entry.size,
              Owner: withOwner ? OWNER : undefined,
              StorageClass: "STANDARD",
            },
          ],
    ),
    CommonPrefixes: lines.flatMap((line) =>
      "prefix" in line ? [{ Prefix: asked.encode(line.prefix) }] : [],
    ),
  };
}

/** Where to go on, opaque to clients. */
function writeToken(key: string): string {
  return Buffer.from(key).toString("base64");
}

function readToken(token: string): string {
  const key = Buffer.from(token, "base64");
  if (token === "" || key.toString("base64") !== token)
    throw new S3Error("InvalidArgument", { message: "The continuation token provided is incorrect" });
  return key.toString("utf8");
}

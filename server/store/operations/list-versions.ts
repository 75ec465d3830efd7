import { listPage } from "../listing.ts";
import { S3Error } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";
import { sendXml } from "../s3-response.ts";
import type { StoreParts } from "../store-parts.ts";
import type { StoredVersion } from "../stored-object.ts";
import { isoDate } from "../times.ts";
import { listQuery } from "./list-query.ts";
import { OWNER } from "./multipart.ts";

export async function listVersions(request: S3Request, parts: StoreParts): Promise<void> {
  const { query } = request;
  const asked = listQuery(request, "max-keys");
  const after = query.get("key-marker") ?? "";
  const marker = query.get("version-id-marker");
  const bucket = parts.buckets.get(request.bucketName!);
  const from = marker === undefined ? null : parts.objects.version(bucket, after, marker);
  if (marker !== undefined && !from)
    throw new S3Error("InvalidArgument", { message: "Invalid version id specified" });
  const { prefix, delimiter, limit } = asked;
  const page = listPage<StoredVersion>((range) => parts.objects.scan(bucket, range, "all-versions"), {
    prefix,
    delimiter,
    after,
    limit,
    ...(from ? { resume: (entry) => entry.id < from.id } : {}),
  });
  const last = page.lines.at(-1);
  const entries = page.lines.flatMap((line) => ("prefix" in line ? [] : [line.entry]));
  const common = (entry: (typeof entries)[number]) => ({
    Key: asked.encode(entry.key),
    VersionId: entry.version,
    IsLatest: entry.latest,
    LastModified: isoDate(entry.modifiedMs),
    Owner: OWNER,
  });
  sendXml(request, "ListVersionsResult", {
    Name: request.bucketName,
    Prefix: asked.encode(prefix),
    KeyMarker: asked.encode(after),
    VersionIdMarker: marker ?? "",
    NextKeyMarker:
      page.truncated && last ? asked.encode("prefix" in last ? last.prefix : last.entry.key) : undefined,
    NextVersionIdMarker: page.truncated && last && "entry" in last ? last.entry.version : undefined,
    MaxKeys: asked.asked,
    Delimiter: delimiter === "" ? undefined : asked.encode(delimiter),
    IsTruncated: page.truncated,
    EncodingType: asked.encodingType,
    Version: entries
      .filter((entry) => !entry.marker)
      .map((entry) => ({
        ...common(entry),
        ETag: `"${entry.etag}"`,
        Size: entry.size,
        StorageClass: "STANDARD",
      })),
    DeleteMarker: entries.filter((entry) => entry.marker).map(common),
    CommonPrefixes: page.lines.flatMap((line) =>
      "prefix" in line ? [{ Prefix: asked.encode(line.prefix) }] : [],
    ),
  });
}

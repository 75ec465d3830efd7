import { listPage } from "../listing.ts";
import type { S3Request } from "../s3-request.ts";
import { sendXml } from "../s3-response.ts";
import type { StoreParts } from "../store-parts.ts";
import { isoDate } from "../times.ts";
import type { Upload } from "../upload-index.ts";
import { listQuery } from "./list-query.ts";
import { OWNER } from "./multipart.ts";

export async function listUploads(request: S3Request, parts: StoreParts): Promise<void> {
  const { query } = request;
  const asked = listQuery(request, "max-uploads");
  const after = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker") ?? "";
  const bucket = parts.buckets.get(request.bucketName!);
  const { prefix, delimiter, limit } = asked;
  const page = listPage<Upload>((range) => parts.uploads.scan(bucket, range), {
    prefix,
    delimiter,
    after,
    limit,
    ...(idMarker === "" ? {} : { resume: (upload) => upload.id > idMarker }),
  });
  const last = page.lines.at(-1);
  sendXml(request, "ListMultipartUploadsResult", {
    Bucket: request.bucketName,
    KeyMarker: asked.encode(after),
    UploadIdMarker: idMarker,
    NextKeyMarker: last ? asked.encode("prefix" in last ? last.prefix : last.entry.key) : "",
    NextUploadIdMarker: last && "entry" in last ? last.entry.id : "",
    Prefix: asked.encode(prefix),
    Delimiter: delimiter === "" ? undefined : asked.encode(delimiter),
    EncodingType: asked.encodingType,
    MaxUploads: asked.asked,
    IsTruncated: page.truncated,
    Upload: page.lines.flatMap((line) =>
      "prefix" in line
        ? []
        : [
            {
              Key: asked.encode(line.entry.key),
              UploadId: line.entry.id,
              Initiator: OWNER,
              Owner: OWNER,
              StorageClass: "STANDARD",
              Initiated: isoDate(line.entry.createdMs),
            },
          ],
    ),
    CommonPrefixes: page.lines.flatMap((line) =>
      "prefix" in line ? [{ Prefix: asked.encode(line.prefix) }] : [],
    ),
  });
}

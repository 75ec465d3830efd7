import { createHash } from "node:crypto";
import { checksumElement, startChecksum } from "../checksum.ts";
import type { ByteRange } from "../http-range.ts";
import { LIMITS } from "../limits.ts";
import { S3Error } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";
import { sendXml } from "../s3-response.ts";
import { readSegments } from "../segment-reader.ts";
import type { StoreParts } from "../store-parts.ts";
import { isoDate } from "../times.ts";
import { parseCopySource, readCopySource } from "./copy-source.ts";
import { requestedUpload } from "./multipart.ts";
import { partNumberOf } from "./put-object.ts";

/** UploadPartCopy: a range of an object becomes a part, with bytes and hash of its own. */
export async function copyPart(request: S3Request, parts: StoreParts): Promise<void> {
  const partNumber = partNumberOf(request.query.get("partNumber"));
  const upload = requestedUpload(request, parts);
  const object = readCopySource(request, parts, parseCopySource(request.headers["x-amz-copy-source"]!));
  const range = copyRange(request.headers["x-amz-copy-source-range"], object.size);
  const size = range.end - range.start;
  if (size > LIMITS.partBytes) throw new S3Error("EntityTooLarge");
  const md5 = createHash("md5");
  const checksum = upload.checksumAlgorithm && startChecksum(upload.checksumAlgorithm);
  const segments = parts.objects.segments(object);
  using _held = parts.blobs.hold(segments.flatMap(({ blob }) => (blob === null ? [] : [blob])));
  const writer = parts.blobs.create();
  try {
    for await (const bytes of readSegments(parts.blobs, segments, range)) {
      md5.update(bytes);
      checksum?.update(bytes);
      await writer.write(bytes);
      await writer.flushed();
    }
    if (size > 0) {
      await writer.finish();
      parts.blobs.publish(writer.id);
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  const blob = size > 0 ? writer.id : null;
  const etag = md5.digest("hex");
  const value = checksum?.digest().toString("base64") ?? null;
  const modifiedMs = parts.clock.now();
  await parts.committer.commit(blob === null ? [] : [blob], (transaction) => {
    const part = { partNumber, size, etag, checksum: value, modifiedMs, blob };
    parts.uploads.putPart(transaction, requestedUpload(request, parts), part);
  });
  sendXml(request, "CopyPartResult", {
    ETag: `"${etag}"`,
    LastModified: isoDate(modifiedMs),
    ...(upload.checksumAlgorithm && value !== null
      ? { [checksumElement(upload.checksumAlgorithm)]: value }
      : {}),
  });
}

/** Unlike `Range`, this one must lie within the object. @throws S3Error `InvalidArgument`, `InvalidRange`. */
function copyRange(header: string | undefined, size: number): ByteRange {
  if (header === undefined) return { start: 0, end: size };
  const match = /^bytes=(\d{1,18})-(\d{1,18})$/.exec(header);
  if (!match)
    throw new S3Error("InvalidArgument", {
      message: "The x-amz-copy-source-range value must be of the form bytes=first-last",
    });
  const start = Number(match[1]);
  const end = Number(match[2]) + 1;
  if (start >= end || end > size) throw new S3Error("InvalidRange");
  return { start, end };
}

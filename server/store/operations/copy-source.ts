import { uriDecode } from "../../sigv4/uri-encoding.ts";
import { checkRead } from "../conditions.ts";
import { S3Error } from "../s3-error.ts";
import { checkKey, type S3Request } from "../s3-request.ts";
import type { StoreParts } from "../store-parts.ts";
import type { StoredVersion } from "../stored-object.ts";
import { requestedVersion } from "./get-object.ts";

/** Where `x-amz-copy-source` points. */
export interface CopySource {
  readonly bucketName: string;
  readonly key: string;
  readonly version: string | undefined;
}

/** @throws S3Error `InvalidArgument`. */
export function parseCopySource(header: string): CopySource {
  const [raw, version] = header.split("?versionId=");
  let path: string;
  try {
    path = uriDecode(raw!).replace(/^\//, "");
  } catch (cause) {
    throw new S3Error("InvalidArgument", {
      message: "Copy Source must mention the source bucket and key",
      cause,
    });
  }
  const slash = path.indexOf("/");
  if (slash < 1 || slash === path.length - 1)
    throw new S3Error("InvalidArgument", {
      message: "Copy Source must mention the source bucket and key: sourcebucket/sourcekey.",
    });
  const key = path.slice(slash + 1);
  checkKey(key);
  return { bucketName: path.slice(0, slash), key, version };
}

/** The object to be copied, its conditions checked. @throws S3Error `PreconditionFailed`, `NoSuchKey`, `NoSuchBucket`. */
export function readCopySource(request: S3Request, parts: StoreParts, source: CopySource): StoredVersion {
  const bucket = parts.buckets.get(source.bucketName);
  const object = requestedVersion(parts, bucket, source.key, source.version);
  if (checkRead(request.headers, object, "x-amz-copy-source-") === "not-modified")
    throw new S3Error("PreconditionFailed");
  return object;
}

import type { Transaction } from "../committer.ts";
import { LIMITS } from "../limits.ts";
import { NULL_VERSION } from "../object-index.ts";
import { receiveText } from "../request-body.ts";
import { S3Error } from "../s3-error.ts";
import { checkKey, type S3Request } from "../s3-request.ts";
import { sendEmpty, sendXml } from "../s3-response.ts";
import type { StoreParts } from "../store-parts.ts";
import type { Bucket } from "../stored-object.ts";
import { childrenNamed, childText, malformed, parseXml } from "../xml-reader.ts";

interface Deleted {
  /** What was removed for good, or the marker that was put. */
  readonly version: string | null;
  readonly marker: boolean;
}

/** Deletes a key or one of its versions; what is not there is deleted already. */
function remove(
  transaction: Transaction,
  parts: StoreParts,
  bucket: Bucket,
  key: string,
  version: string | undefined,
): Deleted {
  if (version !== undefined) {
    const object = parts.objects.version(bucket, key, version);
    if (object) parts.objects.remove(transaction, bucket, object);
    return { version, marker: object?.marker ?? false };
  }
  if (bucket.versioning === "") {
    const object = parts.objects.latest(bucket, key);
    if (object) parts.objects.remove(transaction, bucket, object);
    return { version: null, marker: false };
  }
  const marker = bucket.versioning === "Enabled" ? parts.random.uuid() : NULL_VERSION;
  parts.objects.putMarker(transaction, bucket, key, { version: marker, nowMs: parts.clock.now() });
  return { version: marker, marker: true };
}

export async function deleteObject(request: S3Request, parts: StoreParts): Promise<void> {
  const deleted = await parts.committer.commit([], (transaction) => {
    const bucket = parts.buckets.get(request.bucketName!);
    return remove(transaction, parts, bucket, request.key!, request.query.get("versionId"));
  });
  sendEmpty(request, 204, {
    "x-amz-version-id": deleted.version ?? undefined,
    "x-amz-delete-marker": deleted.marker ? "true" : undefined,
  });
}

/** DeleteObjects: up to 1000 keys in one transaction, an answer for each. */
export async function deleteObjects(request: S3Request, parts: StoreParts): Promise<void> {
  const { headers } = request;
  const verified = Object.keys(headers).some(
    (name) => name === "content-md5" || name.startsWith("x-amz-checksum-") || name === "x-amz-trailer",
  );
  if (!verified) throw new S3Error("MissingContentMD5");
  const root = parseXml(await receiveText(request, LIMITS.xmlBytes), "Delete");
  const wanted = childrenNamed(root, "Object").map((element) => {
    const key = childText(element, "Key");
    if (!key) throw malformed("An Object needs a Key.");
    return { key, version: childText(element, "VersionId") || undefined };
  });
  if (wanted.length === 0 || wanted.length > LIMITS.batchDelete)
    throw malformed(`1 to ${LIMITS.batchDelete} objects are expected.`);
  const outcomes = await parts.committer.commit([], (transaction) => {
    const bucket = parts.buckets.get(request.bucketName!);
    return wanted.map(({ key, version }) => {
      try {
        checkKey(key);
        return { key, version, deleted: remove(transaction, parts, bucket, key, version) };
      } catch (error) {
        if (error instanceof S3Error) return { key, version, error };
        throw error;
      }
    });
  });
  const quiet = childText(root, "Quiet") === "true";
  sendXml(request, "DeleteResult", {
    Deleted: outcomes.flatMap(({ key, version, deleted }) =>
      !deleted || quiet
        ? []
        : [
            {
              Key: key,
              VersionId: version,
              DeleteMarker: deleted.marker ? true : undefined,
              DeleteMarkerVersionId: deleted.marker ? deleted.version : undefined,
            },
          ],
    ),
    Error: outcomes.flatMap(({ key, version, error }) =>
      error ? [{ Key: key, VersionId: version, Code: error.code, Message: error.message }] : [],
    ),
  });
}

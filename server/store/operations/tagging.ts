import { LIMITS } from "../limits.ts";
import { versionHeader } from "../object-headers.ts";
import { receiveText } from "../request-body.ts";
import type { S3Request } from "../s3-request.ts";
import { sendEmpty, sendXml } from "../s3-response.ts";
import type { StoreParts } from "../store-parts.ts";
import type { StoredVersion, Tag } from "../stored-object.ts";
import { parseTagging } from "../tags.ts";
import { requestedVersion } from "./get-object.ts";

export async function getTagging(request: S3Request, parts: StoreParts): Promise<void> {
  const object = tagged(request, parts);
  sendXml(
    request,
    "Tagging",
    { TagSet: { Tag: object.tags.map(([Key, Value]) => ({ Key, Value })) } },
    { headers: versionHeader(object.version) },
  );
}

export async function putTagging(request: S3Request, parts: StoreParts): Promise<void> {
  tagged(request, parts);
  const tags = parseTagging(await receiveText(request, LIMITS.policyBytes));
  sendEmpty(request, 200, versionHeader(await setTags(request, parts, tags)));
}

export async function deleteTagging(request: S3Request, parts: StoreParts): Promise<void> {
  sendEmpty(request, 204, versionHeader(await setTags(request, parts, [])));
}

function tagged(request: S3Request, parts: StoreParts): StoredVersion {
  const bucket = parts.buckets.get(request.bucketName!);
  return requestedVersion(parts, bucket, request.key!, request.query.get("versionId"));
}

/** Answers the version that has them now. */
function setTags(request: S3Request, parts: StoreParts, tags: readonly Tag[]): Promise<string> {
  return parts.committer.commit([], () => {
    const object = tagged(request, parts);
    parts.objects.setTags(object, tags);
    return object.version;
  });
}

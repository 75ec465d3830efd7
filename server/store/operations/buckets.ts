import { LIMITS } from "../limits.ts";
import { receiveText } from "../request-body.ts";
import { S3Error } from "../s3-error.ts";
import { isBucketName, type S3Request } from "../s3-request.ts";
import { sendEmpty, sendXml } from "../s3-response.ts";
import type { StoreParts } from "../store-parts.ts";
import { isoDate } from "../times.ts";
import { OWNER } from "./multipart.ts";

export async function listBuckets(request: S3Request, parts: StoreParts): Promise<void> {
  const buckets = parts.buckets
    .list()
    .map(({ name, createdMs }) => ({ Name: name, CreationDate: isoDate(createdMs) }));
  sendXml(request, "ListAllMyBucketsResult", { Owner: OWNER, Buckets: { Bucket: buckets } });
}

export async function createBucket(request: S3Request, parts: StoreParts): Promise<void> {
  const name = request.bucketName!;
  if (!isBucketName(name)) throw new S3Error("InvalidBucketName");
  await receiveText(request, LIMITS.policyBytes);
  await parts.committer.commit([], () => parts.buckets.create(name, parts.clock.now()));
  sendEmpty(request, 200, { location: `/${name}` });
}

export async function headBucket(request: S3Request, parts: StoreParts): Promise<void> {
  parts.buckets.get(request.bucketName!);
  sendEmpty(request, 200, { "content-type": "application/xml", "x-amz-bucket-region": parts.region });
}

export async function getLocation(request: S3Request, parts: StoreParts): Promise<void> {
  parts.buckets.get(request.bucketName!);
  sendXml(request, "LocationConstraint", parts.region === "us-east-1" ? "" : parts.region);
}

/** Open uploads go with the bucket, as on MinIO. */
export async function deleteBucket(request: S3Request, parts: StoreParts): Promise<void> {
  await parts.committer.commit([], (transaction) => {
    const bucket = parts.buckets.get(request.bucketName!);
    const open = Array.from(parts.uploads.scan(bucket, { from: "", to: null }));
    for (const upload of open) parts.uploads.remove(transaction, upload);
    parts.buckets.remove(bucket);
  });
  sendEmpty(request, 204);
}

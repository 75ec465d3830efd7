import type { PolicyAction } from "./access-policy.ts";
import {
  deleteConfiguration,
  getConfiguration,
  getVersioning,
  putConfiguration,
  putVersioning,
} from "./operations/bucket-configuration.ts";
import { createBucket, deleteBucket, getLocation, headBucket, listBuckets } from "./operations/buckets.ts";
import { completeUpload } from "./operations/complete-upload.ts";
import { copyObject } from "./operations/copy-object.ts";
import { copyPart } from "./operations/copy-part.ts";
import { deleteObject, deleteObjects } from "./operations/delete-objects.ts";
import { getObject } from "./operations/get-object.ts";
import { listObjectsV1, listObjectsV2 } from "./operations/list-objects.ts";
import { listUploads } from "./operations/list-uploads.ts";
import { listVersions } from "./operations/list-versions.ts";
import { abortUpload, createUpload, listParts, uploadPart } from "./operations/multipart.ts";
import { putObject } from "./operations/put-object.ts";
import { deleteTagging, getTagging, putTagging } from "./operations/tagging.ts";
import { S3Error } from "./s3-error.ts";
import type { S3Request } from "./s3-request.ts";
import type { StoreParts } from "./store-parts.ts";

/** What a request is answered by. */
export interface Route {
  /** What a bucket policy may allow those without a signature; `null`: nothing does. */
  readonly action: PolicyAction | null;
  readonly handle: (request: S3Request, parts: StoreParts) => Promise<void>;
}

type Asked = Pick<S3Request, "method" | "bucketName" | "key" | "query" | "headers" | "path">;

/** Query names that turn a request into another operation. Those without a route are refused, never ignored. */
const SUBRESOURCES = [
  ...["accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption", "inventory"],
  ...[
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
  ],
  ...["ownershipControls", "policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment"],
  ...[
    "restore",
    "retention",
    "select",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
  ],
  "website",
];

const SERVICE: Readonly<Record<string, Route>> = {
  "GET ": { action: null, handle: listBuckets },
};

const BUCKET: Readonly<Record<string, Route>> = {
  "PUT ": { action: null, handle: createBucket },
  "HEAD ": { action: "s3:ListBucket", handle: headBucket },
  "DELETE ": { action: null, handle: deleteBucket },
  "GET ": { action: "s3:ListBucket", handle: listObjectsV1 },
  "GET list-type": { action: "s3:ListBucket", handle: listObjectsV2 },
  "GET versions": { action: "s3:ListBucketVersions", handle: listVersions },
  "GET uploads": { action: "s3:ListBucketMultipartUploads", handle: listUploads },
  "GET location": { action: "s3:GetBucketLocation", handle: getLocation },
  "GET versioning": { action: null, handle: getVersioning },
  "PUT versioning": { action: null, handle: putVersioning },
  "POST delete": { action: null, handle: deleteObjects },
};

const CONFIGURATIONS: Readonly<Record<string, Route>> = Object.fromEntries(
  (["policy", "cors", "lifecycle"] as const).flatMap((kind) => [
    [`GET ${kind}`, { action: null, handle: getConfiguration(kind) }],
    [`PUT ${kind}`, { action: null, handle: putConfiguration(kind) }],
    [`DELETE ${kind}`, { action: null, handle: deleteConfiguration(kind) }],
  ]),
);

const OBJECT: Readonly<Record<string, Route>> = {
  "GET ": { action: "s3:GetObject", handle: getObject },
  "HEAD ": { action: "s3:GetObject", handle: getObject },
  "PUT ": { action: "s3:PutObject", handle: putObject },
  "DELETE ": { action: "s3:DeleteObject", handle: deleteObject },
  "PUT copy": { action: null, handle: copyObject },
  "POST uploads": { action: "s3:PutObject", handle: createUpload },
  "GET uploadId": { action: "s3:ListMultipartUploadParts", handle: listParts },
  "PUT uploadId": { action: "s3:PutObject", handle: uploadPart },
  "PUT uploadId copy": { action: null, handle: copyPart },
  "POST uploadId": { action: "s3:PutObject", handle: completeUpload },
  "DELETE uploadId": { action: "s3:AbortMultipartUpload", handle: abortUpload },
  "GET tagging": { action: "s3:GetObjectTagging", handle: getTagging },
  "PUT tagging": { action: "s3:PutObjectTagging", handle: putTagging },
  "DELETE tagging": { action: "s3:DeleteObjectTagging", handle: deleteTagging },
};

/** The operation that a request asks for. Pure. @throws S3Error `NotImplemented`, `BadRequest` as MinIO answers. */
export function route(request: Asked): Route {
  const subresource = SUBRESOURCES.find((name) => request.query.has(name)) ?? "";
  const copy =
    request.method === "PUT" && request.headers["x-amz-copy-source"] !== undefined && request.key !== null;
  const name = `${request.method} ${[subresource, copy ? "copy" : ""].filter((word) => word !== "").join(" ")}`;
  const routes =
    request.bucketName === null ? SERVICE : request.key === null ? { ...BUCKET, ...CONFIGURATIONS } : OBJECT;
  const found = routes[name];
  if (found) return found;
  if (subresource !== "") throw new S3Error("NotImplemented");
  throw new S3Error("BadRequest", {
    message: `An unsupported API call for method: ${request.method} at '${request.path}'`,
  });
}

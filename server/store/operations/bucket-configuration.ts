import { AccessPolicy } from "../access-policy.ts";
import { parseCors } from "../cors.ts";
import { parseLifecycle } from "../lifecycle.ts";
import { LIMITS } from "../limits.ts";
import { receiveText } from "../request-body.ts";
import { S3Error, type S3ErrorCode } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";
import { sendEmpty, sendStored, sendXml } from "../s3-response.ts";
import type { StoreParts } from "../store-parts.ts";
import { childText, malformed, parseXml } from "../xml-reader.ts";

type Kind = "policy" | "cors" | "lifecycle";

interface KindOf {
  readonly missing: S3ErrorCode;
  readonly contentType: string;
  readonly maxBytes: number;
  /** Status of a successful put. */
  readonly put: number;
  /** Throws S3Error for a text that would not work. */
  readonly check: (text: string, bucketName: string) => unknown;
}

const KINDS: Readonly<Record<Kind, KindOf>> = {
  policy: {
    missing: "NoSuchBucketPolicy",
    contentType: "application/json",
    maxBytes: LIMITS.policyBytes,
    put: 204,
    check: (text, bucketName) => AccessPolicy.parse(text, bucketName),
  },
  cors: {
    missing: "NoSuchCORSConfiguration",
    contentType: "application/xml",
    maxBytes: 64 * 1024,
    put: 200,
    check: (text) => parseCors(text),
  },
  lifecycle: {
    missing: "NoSuchLifecycleConfiguration",
    contentType: "application/xml",
    maxBytes: 512 * 1024,
    put: 200,
    check: (text) => parseLifecycle(text),
  },
};

/** Keeps the text as it came, once it has been understood. */
export function putConfiguration(kind: Kind) {
  return async (request: S3Request, parts: StoreParts): Promise<void> => {
    const name = request.bucketName!;
    parts.buckets.get(name);
    const text = await receiveText(request, KINDS[kind].maxBytes);
    KINDS[kind].check(text, name);
    await parts.committer.commit([], () => parts.buckets.configure(parts.buckets.get(name), kind, text));
    sendEmpty(request, KINDS[kind].put);
  };
}

export function getConfiguration(kind: Kind) {
  return async (request: S3Request, parts: StoreParts): Promise<void> => {
    const text = parts.buckets.get(request.bucketName!)[kind];
    if (text === null) throw new S3Error(KINDS[kind].missing);
    sendStored(request, text, KINDS[kind].contentType);
  };
}

export function deleteConfiguration(kind: Kind) {
  return async (request: S3Request, parts: StoreParts): Promise<void> => {
    const name = request.bucketName!;
    await parts.committer.commit([], () => parts.buckets.configure(parts.buckets.get(name), kind, null));
    sendEmpty(request, 204);
  };
}

export async function putVersioning(request: S3Request, parts: StoreParts): Promise<void> {
  const name = request.bucketName!;
  parts.buckets.get(name);
  const root = parseXml(await receiveText(request, LIMITS.policyBytes), "VersioningConfiguration");
  const status = childText(root, "Status");
  if (status !== "Enabled" && status !== "Suspended") throw malformed("Status must be Enabled or Suspended.");
  await parts.committer.commit([], () =>
    parts.buckets.configure(parts.buckets.get(name), "versioning", status),
  );
  sendEmpty(request, 200);
}

export async function getVersioning(request: S3Request, parts: StoreParts): Promise<void> {
  const { versioning } = parts.buckets.get(request.bucketName!);
  sendXml(request, "VersioningConfiguration", { Status: versioning === "" ? undefined : versioning });
}

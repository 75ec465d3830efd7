import { createHash } from "node:crypto";
import {
  type ChecksumAlgorithm,
  checksumElement,
  checksumHeader,
  combineParts,
  type StoredChecksum,
} from "../checksum.ts";
import { checkWrite } from "../conditions.ts";
import { LIMITS } from "../limits.ts";
import { versionHeader } from "../object-headers.ts";
import { receiveText } from "../request-body.ts";
import { S3Error } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";
import { sendXml } from "../s3-response.ts";
import { nextVersion, type StoreParts } from "../store-parts.ts";
import type { Upload, UploadedPart } from "../upload-index.ts";
import { childrenNamed, childText, malformed, parseXml } from "../xml-reader.ts";
import { checksumType, requestedUpload } from "./multipart.ts";

interface NamedPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly checksums: ReadonlyMap<string, string>;
}

/** Makes an object of an upload's parts. Its bytes stay in the parts' blobs, none is copied. */
export async function completeUpload(request: S3Request, parts: StoreParts): Promise<void> {
  const text = await receiveBodyText(request);
  requestedUpload(request, parts);
  const named = parseParts(text);
  const done = await parts.committer.commit([], (transaction) => {
    const bucket = parts.buckets.get(request.bucketName!);
    const upload = requestedUpload(request, parts);
    const chosen = chooseParts(named, parts.uploads.parts(upload, { after: 0, limit: LIMITS.parts }), upload);
    const size = chosen.reduce((sum, part) => sum + part.size, 0);
    if (size > LIMITS.objectBytes) throw new S3Error("EntityTooLarge");
    checkSize(request, size);
    checkWrite(request.headers, parts.objects.current(bucket, upload.key));
    const etag = etagOf(chosen);
    const checksum = checksumOf(request, upload, chosen);
    const version = nextVersion(bucket, parts.random);
    parts.objects.put(
      transaction,
      bucket,
      upload.key,
      { size, etag, attributes: { ...upload.attributes, checksum }, tags: upload.tags, segments: chosen },
      { version, nowMs: parts.clock.now() },
    );
    parts.uploads.remove(transaction, upload);
    return { etag, version, checksum };
  });
  sendXml(
    request,
    "CompleteMultipartUploadResult",
    {
      Location: `http://${request.headers.host ?? ""}${request.path}`,
      Bucket: request.bucketName,
      Key: request.key,
      ETag: `"${done.etag}"`,
      ...(done.checksum
        ? {
            [checksumElement(done.checksum.algorithm)]: done.checksum.value,
            ChecksumType: done.checksum.type,
          }
        : {}),
    },
    { headers: { ...versionHeader(done.version), etag: `"${done.etag}"` } },
  );
}

/** The headers of this request that look like a body's checksum speak of the object: the body goes without. */
function receiveBodyText(request: S3Request): Promise<string> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !name.startsWith("x-amz-checksum-")),
  );
  return receiveText({ ...request, headers }, LIMITS.xmlBytes);
}

function parseParts(text: string): NamedPart[] {
  const elements = childrenNamed(parseXml(text, "CompleteMultipartUpload"), "Part");
  if (elements.length === 0)
    throw new S3Error("InvalidRequest", { message: "You must specify at least one part" });
  if (elements.length > LIMITS.parts) throw malformed();
  return elements.map((element) => {
    const number = childText(element, "PartNumber")?.trim() ?? "";
    const etag = childText(element, "ETag");
    if (!/^\d{1,9}$/.test(number) || etag === undefined)
      throw malformed("A Part needs a PartNumber and an ETag.");
    const checksums = element.children
      .filter(({ name }) => name.startsWith("Checksum"))
      .map(({ name, text }) => [name, text.trim()] as const);
    return {
      partNumber: Number(number),
      etag: etag.replaceAll('"', "").trim(),
      checksums: new Map(checksums),
    };
  });
}

/** @throws S3Error `InvalidPartOrder`, `InvalidPart`, `EntityTooSmall`. */
function chooseParts(
  named: readonly NamedPart[],
  uploaded: readonly UploadedPart[],
  upload: Upload,
): UploadedPart[] {
  const known = new Map(uploaded.map((part) => [part.partNumber, part]));
  for (let index = 1; index < named.length; index++)
    if (named[index]!.partNumber <= named[index - 1]!.partNumber) throw new S3Error("InvalidPartOrder");
  return named.map(({ partNumber, etag, checksums }, index) => {
    const part = known.get(partNumber);
    if (!part || part.etag !== etag) throw new S3Error("InvalidPart");
    if (upload.checksumAlgorithm) {
      const sent = checksums.get(checksumElement(upload.checksumAlgorithm));
      if (sent !== undefined && sent !== part.checksum) throw new S3Error("InvalidPart");
    }
    if (index < named.length - 1 && part.size < LIMITS.minPartBytes) throw new S3Error("EntityTooSmall");
    return part;
  });
}

function checkSize(request: S3Request, size: number): void {
  const announced = request.headers["x-amz-mp-object-size"];
  if (announced !== undefined && Number(announced) !== size)
    throw new S3Error("InvalidRequest", {
      message: "The x-amz-mp-object-size header does not match the size of the parts.",
    });
}

/** The MD5 of the parts' MD5s, with their count. */
function etagOf(parts: readonly UploadedPart[]): string {
  const md5 = createHash("md5");
  for (const part of parts) md5.update(Buffer.from(part.etag, "hex"));
  return `${md5.digest("hex")}-${parts.length}`;
}

/** @throws S3Error `BadDigest` when the request names another checksum of the whole. */
function checksumOf(
  request: S3Request,
  upload: Upload,
  parts: readonly UploadedPart[],
): StoredChecksum | null {
  const algorithm: ChecksumAlgorithm | null = upload.checksumAlgorithm;
  if (!algorithm || !upload.checksumType) return null;
  const asked = checksumType(request.headers);
  if (asked !== null && asked !== upload.checksumType)
    throw new S3Error("InvalidRequest", {
      message: `The upload was created using the ${upload.checksumType} checksum mode. The complete request must use the same checksum mode.`,
    });
  const known = parts.map(({ checksum, size }) => ({ checksum: checksum ?? "", size }));
  if (known.some(({ checksum }) => checksum === "")) return null;
  const whole = combineParts(algorithm, upload.checksumType, known);
  const sent = request.headers[checksumHeader(algorithm)];
  if (sent !== undefined && sent.replace(/-\d+$/, "") !== whole.value.replace(/-\d+$/, ""))
    throw new S3Error("BadDigest", {
      message: `The ${algorithm} you specified did not match the calculated checksum.`,
    });
  return whole;
}

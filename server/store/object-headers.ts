import { checksumHeader } from "./checksum.ts";
import { LIMITS } from "./limits.ts";
import { S3Error } from "./s3-error.ts";
import type { S3Request } from "./s3-request.ts";
import type { ResponseHeaders } from "./s3-response.ts";
import type { ObjectAttributes, StoredVersion } from "./stored-object.ts";

const KEPT = ["cache-control", "content-disposition", "content-encoding", "content-language", "expires"];
const METADATA = "x-amz-meta-";
/** Without a type of its own an object has S3's. */
const DEFAULT_TYPE = "binary/octet-stream";

/** What a request's headers say about the object it writes. @throws S3Error `MetadataTooLarge`. */
export function attributesOf(request: Pick<S3Request, "headers">): Omit<ObjectAttributes, "checksum"> {
  const headers: Record<string, string> = {};
  for (const name of KEPT) {
    const value = name === "content-encoding" ? storedEncoding(request.headers[name]) : request.headers[name];
    if (value) headers[name] = value;
  }
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith(METADATA)) continue;
    metadata[name.slice(METADATA.length)] = value;
    bytes += Buffer.byteLength(name) - METADATA.length + Buffer.byteLength(value);
  }
  if (bytes > LIMITS.metadataBytes) throw new S3Error("MetadataTooLarge");
  return { contentType: request.headers["content-type"] || DEFAULT_TYPE, headers, metadata };
}

/** The headers that GET and HEAD answer, without those about the length. */
export function objectHeaders(
  object: StoredVersion,
  options: { readonly checksum: boolean },
): ResponseHeaders {
  const { attributes } = object;
  const headers: Record<string, string | number | undefined> = {
    etag: `"${object.etag}"`,
    "last-modified": new Date(object.modifiedMs).toUTCString(),
    "content-type": attributes.contentType,
    "accept-ranges": "bytes",
    ...attributes.headers,
    "x-amz-tagging-count": object.tags.length || undefined,
    ...versionHeader(object.version),
  };
  for (const [name, value] of Object.entries(attributes.metadata)) headers[METADATA + name] = value;
  if (options.checksum && attributes.checksum) {
    headers[checksumHeader(attributes.checksum.algorithm)] = attributes.checksum.value;
    headers["x-amz-checksum-type"] = attributes.checksum.type;
  }
  return headers;
}

/** What a 304 repeats (RFC 9110, section 15.4.5). */
export function notModifiedHeaders(object: StoredVersion): ResponseHeaders {
  return {
    etag: `"${object.etag}"`,
    "last-modified": new Date(object.modifiedMs).toUTCString(),
    "cache-control": object.attributes.headers["cache-control"],
    expires: object.attributes.headers.expires,
    ...versionHeader(object.version),
  };
}

export function versionHeader(version: string): ResponseHeaders {
  return { "x-amz-version-id": version === "null" ? undefined : version };
}

/** `aws-chunked` is how the body travelled, not what it is. */
function storedEncoding(encoding: string | undefined): string | undefined {
  return encoding
    ?.split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding.toLowerCase() !== "aws-chunked")
    .join(", ");
}

import { type Mark, markKey, templateRefSchema } from "#contracts/mark.ts";
import { type MarkSpec, markSpecSchema } from "#contracts/mark-spec.ts";
import { contentTypeOf, extensionOf, pictureKind } from "#contracts/picture-types.ts";
import { AppError } from "#kernel/errors.ts";
import { newTraceId, type Random } from "#kernel/random.ts";
import { assertAllowed, type Caller, rawPrefix } from "./caller.ts";
import type { NewMedia } from "./ports/media-repository.ts";

/** One picture as a client announces it; nothing in it is believed. */
export interface UploadRequest {
  readonly fileName: string;
  readonly size: number;
  /** "": as the name promises. */
  readonly contentType: string;
  readonly sha256: string;
  /** "": a new one is made. */
  readonly traceId: string;
  /** JSON of a `Mark`; "": the server's default. */
  readonly markSpec: string;
}

const MAX_NAME_LENGTH = 1024;
const SHA256 = /^[0-9a-f]{64}$/;
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** The row of an announced picture. Of its name only a known extension gets into the key.
 *  @throws AppError `invalid_argument`, `file.empty`, `upload.too_large`, `permission_denied` */
export function toNewMedia(
  request: UploadRequest,
  caller: Caller,
  context: { readonly bucket: string; readonly defaultMark: MarkSpec; readonly random: Random },
): NewMedia {
  const { size, sha256 } = request;
  const fileName = baseName(request.fileName);
  if (fileName === "" || fileName.length > MAX_NAME_LENGTH)
    throw invalid("The file name is missing or too long.", "file_name");
  if (size === 0) throw new AppError("file.empty", "The file is empty.");
  if (!Number.isSafeInteger(size) || size < 0) throw invalid("The size is no number of bytes.", "size");
  if (!SHA256.test(sha256)) throw invalid("The SHA-256 must be 64 lower-case hex digits.", "sha256");
  const contentType = request.contentType === "" ? contentTypeOf(fileName) : request.contentType;
  if (!MEDIA_TYPE.test(contentType))
    throw invalid("The content type is none (example: image/jpeg).", "content_type");
  if (request.traceId !== "" && !TRACE_ID.test(request.traceId))
    throw invalid("The trace id must be 32 lower-case hex digits, not all zero.", "trace_id");

  const id = context.random.uuid();
  const objectKey = `${rawPrefix(caller.user)}${id}${keyExtension(fileName)}`;
  assertAllowed(caller, { bucket: context.bucket, key: objectKey, size });
  return {
    id,
    owner: caller.user,
    fileName,
    size,
    contentType,
    sha256,
    bucket: context.bucket,
    objectKey,
    traceId: request.traceId === "" ? newTraceId(context.random) : request.traceId,
    markSpec: markKey(request.markSpec === "" ? context.defaultMark : parseMark(request.markSpec)),
  };
}

/** @throws AppError `invalid_argument` that names what is wrong with the mark. */
export function parseMark(json: string): Mark {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new AppError("invalid_argument", "The mark is no JSON.", {
      details: { field: "mark_spec" },
      cause,
    });
  }
  // Not the union of both: its messages would speak of the form that was not meant.
  const isRef = typeof value === "object" && value !== null && "template" in value;
  const parsed = (isRef ? templateRefSchema : markSpecSchema).safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw invalid(`The mark is wrong at “${issue.path.join(".") || "mark"}”: ${issue.message}.`, "mark_spec");
}

/** Clients on every system: both separators end a folder; control characters are no part of a name. */
function baseName(name: string): string {
  const base = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  return base
    .replace(/\p{Cc}/gu, "")
    .normalize("NFC")
    .trim();
}

function keyExtension(fileName: string): string {
  return pictureKind(fileName) === "other" ? "" : `.${extensionOf(fileName)}`;
}

function invalid(message: string, field: string): AppError {
  return new AppError("invalid_argument", message, { details: { field } });
}

import { AppError } from "#kernel/errors.ts";
import { choosePartSize } from "#upload/part-planner.ts";
import { requestMark } from "./mark-request.ts";
import type { MediaRow, NewMedia } from "./ports/media-repository.ts";
import type { PresignedRequest } from "./ports/object-store.ts";
import type { CallOptions, UploadDeps } from "./upload-deps.ts";
import { verifyOriginal } from "./verification.ts";

/** How one picture goes to the store. */
export type UploadPlan =
  | { readonly kind: "put"; readonly request: PresignedRequest }
  | {
      readonly kind: "multipart";
      readonly uploadId: string;
      /** Bytes of every part but the last. */
      readonly partSize: number;
      readonly partCount: number;
    }
  | { readonly kind: "already"; readonly media: MediaRow };

/**
 * Files of at least this many bytes go in parts. Below, one broken connection sends that much again; but the store checks
 * the SHA-256 as it receives them, where an object of parts must be read back. Most camera JPEGs of 24 megapixels lie
 * below.
 */
export const MULTIPART_THRESHOLD = 12 * 1024 * 1024;
/** spec.md S2: 15 minutes. */
const PUT_URL_SECONDS = 900;
/** Each turn lost means that somebody else changed the row; more than this is no race any more. */
const MAX_TURNS = 20;

/** Answers an announcement by what is known of the row: how to send it, or that nothing needs to be sent. Changes the
 *  row by compare-and-swap, and starts over where somebody else was faster. */
export async function issueTicket(
  deps: UploadDeps,
  announced: MediaRow,
  wanted: Pick<NewMedia, "markSpec" | "traceId">,
  options: CallOptions & { readonly created: boolean },
): Promise<UploadPlan> {
  let row = announced;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const plan =
      row.state === "uploading"
        ? await toUpload(deps, row, wanted, options)
        : await toMark(deps, row, wanted, options);
    if (plan) return plan;
    row = await reload(deps, row);
  }
  throw new AppError("conflict", "This picture is being changed by others without end; try again later.", {
    retry: "backoff",
    details: { mediaId: row.id },
  });
}

/** `null`: the row has changed meanwhile. */
async function toUpload(
  deps: UploadDeps,
  row: MediaRow,
  wanted: Pick<NewMedia, "markSpec" | "traceId">,
  options: CallOptions & { readonly created: boolean },
): Promise<UploadPlan | null> {
  const { repository, store, commits } = deps;
  if (row.markSpec !== wanted.markSpec) {
    const change = { markSpec: wanted.markSpec, traceId: wanted.traceId };
    const changed = await repository.change(row.id, row.version, change, { event: "media.announced" });
    return changed && toUpload(deps, changed, wanted, options);
  }
  if (!options.created) {
    const known = await whatIsThere(deps, row, options);
    if (known !== "nothing") return known;
  }
  if (row.size < MULTIPART_THRESHOLD) {
    const { size, contentType, sha256 } = row;
    const metadata = originMetadata(row, options);
    const put = { size, contentType, sha256, metadata, expiresSeconds: PUT_URL_SECONDS };
    return { kind: "put", request: await store.presignPut(row.objectKey, put) };
  }
  const partSize = choosePartSize(row.size);
  const metadata = { checksum: row.sha256, ...originMetadata(row, options) };
  const uploadId = await store.createMultipart(row.objectKey, { contentType: row.contentType, metadata });
  const event = "media.upload_opened";
  const opened = await repository.change(row.id, row.version, { uploadId, partSize }, { event });
  if (!opened) {
    await store.abortMultipart(row.objectKey, uploadId);
    return null;
  }
  commits.ring();
  return multipart(opened, uploadId, partSize);
}

/** What an earlier try has left of a row that is still to be sent: an open upload, or the whole object, sent and never
 *  completed. */
async function whatIsThere(
  deps: UploadDeps,
  row: MediaRow,
  options: CallOptions,
): Promise<UploadPlan | null | "nothing"> {
  if (row.uploadId !== null && row.partSize !== null) {
    try {
      await deps.store.listParts(row.objectKey, row.uploadId);
      return multipart(row, row.uploadId, row.partSize);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "upload.gone") throw error;
    }
  }
  if (!(await holdsOriginal(deps, row, options))) return "nothing";
  const media = await requestMark(deps.repository, row, row, options.cause);
  if (media) deps.commits.ring();
  return media && { kind: "already", media };
}

/** A picture that has been sent before. `null`: the row has changed meanwhile. */
async function toMark(
  deps: UploadDeps,
  row: MediaRow,
  wanted: Pick<NewMedia, "markSpec" | "traceId">,
  options: CallOptions,
): Promise<UploadPlan | null> {
  const { repository, store, commits } = deps;
  if (row.state !== "failed" && row.markSpec === wanted.markSpec) return { kind: "already", media: row };
  const verified = row.errorCode === null || !row.errorCode.startsWith("upload.");
  const there = verified
    ? (await store.head(row.objectKey, options))?.size === row.size
    : await holdsOriginal(deps, row, options);
  if (there) {
    const media = await requestMark(repository, row, wanted, options.cause);
    if (media) commits.ring();
    return media && { kind: "already", media };
  }
  const sentAgain = await repository.change(
    row.id,
    row.version,
    {
      state: "uploading",
      uploadId: null,
      partSize: null,
      errorCode: null,
      errorMessage: null,
      markSpec: wanted.markSpec,
      traceId: wanted.traceId,
    },
    { event: "media.announced" },
  );
  if (sentAgain) commits.ring();
  return sentAgain && toUpload(deps, sentAgain, wanted, { ...options, created: true });
}

/** Whose picture's trace an object belongs to, and which request had it made (spec.md G5). */
function originMetadata(row: MediaRow, { cause }: CallOptions): Readonly<Record<string, string>> {
  return { "trace-id": row.traceId, ...(cause && { "request-id": cause.requestId }) };
}

async function holdsOriginal(deps: UploadDeps, row: MediaRow, options: CallOptions): Promise<boolean> {
  try {
    await verifyOriginal(deps.store, row, { reading: deps.reading, signal: options.signal });
    return true;
  } catch (error) {
    const code = error instanceof AppError ? error.code : "internal";
    if (code === "upload.gone" || code === "upload.size_mismatch" || code === "upload.checksum_mismatch")
      return false;
    throw error;
  }
}

async function reload({ repository }: UploadDeps, row: MediaRow): Promise<MediaRow> {
  const [current] = await repository.get([row.id], { owner: row.owner });
  if (!current)
    throw new AppError("not_found", "There is no such picture.", { details: { mediaId: row.id } });
  return current;
}

function multipart(row: MediaRow, uploadId: string, partSize: number): UploadPlan {
  return { kind: "multipart", uploadId, partSize, partCount: Math.ceil(row.size / partSize) };
}

import { AppError, type ErrorCode } from "#kernel/errors.ts";
import { requestMark } from "./mark-request.ts";
import type { MediaRow } from "./ports/media-repository.ts";
import type { StoredPart } from "./ports/object-store.ts";
import type { CallOptions, UploadDeps } from "./upload-deps.ts";
import { verifyOriginal } from "./verification.ts";

export interface UploadCompletion {
  readonly mediaId: string;
  /** "": a single PUT, or whatever upload the row has. */
  readonly uploadId: string;
  /** As the client knows them; none: as the store lists them. */
  readonly parts: readonly StoredPart[];
}

const MAX_TURNS = 20;
const WRONG_BYTES: readonly ErrorCode[] = ["upload.size_mismatch", "upload.checksum_mismatch"];

/**
 * Believes nothing: puts the parts together where there are any, verifies what the store holds, and only then moves the
 * row to `uploaded` with its job. Sent twice, it answers twice. Wrong bytes are removed and the picture may be sent again.
 * @throws AppError `upload.gone`, `upload.size_mismatch`, `upload.checksum_mismatch`, `conflict` (parts do not match).
 */
export async function completeUpload(
  deps: UploadDeps,
  found: MediaRow,
  completion: UploadCompletion,
  options: CallOptions,
): Promise<MediaRow> {
  let row = found;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    if (row.state === "failed" && row.errorCode?.startsWith("upload."))
      throw new AppError(row.errorCode, "This upload has been given up; announce the picture again.", {
        details: { mediaId: row.id },
      });
    if (row.state !== "uploading") return row;
    await putTogether(deps, row, completion);
    try {
      await verifyOriginal(deps.store, row, { reading: deps.reading, signal: options.signal });
    } catch (error) {
      if (error instanceof AppError && WRONG_BYTES.includes(error.code)) await sendBack(deps, row);
      throw error;
    }
    const uploaded = await requestMark(deps.repository, row, row, options.cause);
    if (uploaded) {
      deps.commits.ring();
      options.logger?.info("media.uploaded", { mediaId: row.id, traceId: row.traceId, size: row.size });
      return uploaded;
    }
    const [current] = await deps.repository.get([row.id], { owner: row.owner });
    if (!current) break;
    row = current;
  }
  throw new AppError("conflict", "This picture is being changed by others; try again.", {
    retry: "backoff",
    details: { mediaId: found.id },
  });
}

/** An upload that the store has forgotten may have been completed by an earlier, unanswered call: the check of the
 *  object that follows tells. */
async function putTogether(deps: UploadDeps, row: MediaRow, completion: UploadCompletion): Promise<void> {
  const { uploadId } = row;
  if (uploadId === null) return;
  if (completion.uploadId !== "" && completion.uploadId !== uploadId)
    throw new AppError("upload.gone", "This upload is not open any more; announce the picture again.", {
      details: { mediaId: row.id },
    });
  try {
    const parts =
      completion.parts.length > 0 ? completion.parts : await deps.store.listParts(row.objectKey, uploadId);
    const sorted = parts.toSorted((a, b) => a.partNumber - b.partNumber);
    await deps.store.completeMultipart(row.objectKey, uploadId, sorted);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "upload.gone") throw error;
  }
}

/** Removes what is not the picture and forgets the upload, so that the next announcement starts afresh. */
async function sendBack(deps: UploadDeps, row: MediaRow): Promise<void> {
  const change = { uploadId: null, partSize: null };
  const event = { event: "media.upload_rejected" };
  if (!(await deps.repository.change(row.id, row.version, change, event))) return;
  deps.commits.ring();
  await deps.store.remove(row.objectKey);
}

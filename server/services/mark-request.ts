import { type MarkJob, markJobKey } from "#contracts/mark-job.ts";
import type { Cause } from "#kernel/trace-context.ts";
import { parseMark } from "./new-upload.ts";
import type { MediaChange, MediaRepository, MediaRow } from "./ports/media-repository.ts";

/**
 * Puts a picture, whose original the store holds, in line for its mark: state, event and job in one transaction.
 * Whatever an earlier try left behind is cleared. `null`: somebody else changed the row meanwhile.
 */
export function requestMark(
  repository: MediaRepository,
  row: MediaRow,
  wanted: { readonly markSpec: string; readonly traceId: string } = row,
  cause?: Cause | undefined,
): Promise<MediaRow | null> {
  const change: MediaChange = {
    ...(row.state === "uploaded" ? {} : { state: "uploaded" as const }),
    uploadId: null,
    partSize: null,
    errorCode: null,
    errorMessage: null,
    markSpec: wanted.markSpec,
    traceId: wanted.traceId,
  };
  const payload: MarkJob = {
    mediaId: row.id,
    owner: row.owner,
    bucket: row.bucket,
    objectKey: row.objectKey,
    sha256: row.sha256,
    size: row.size,
    mark: parseMark(wanted.markSpec),
    traceId: wanted.traceId,
    ...(cause && { cause: causeOf(cause) }),
  };
  return repository.change(row.id, row.version, change, {
    event: "media.uploaded",
    job: { key: markJobKey(row.id, row.version + 1), payload },
  });
}

/** What a request says of itself, and nothing else that the object may hold. */
function causeOf({ requestId, traceparent, tracestate, baggage }: Cause): Cause {
  return { requestId, traceparent, tracestate, baggage };
}

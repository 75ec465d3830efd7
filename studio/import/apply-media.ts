import { isSettled, type MediaState, mayFollow } from "#contracts/media-state.ts";
import type { RemoteMedia } from "../control-plane/control-plane.ts";
import { type ItemChange, type ItemRow, isItemSettled } from "../journal/item-row.ts";
import type { Journal } from "../journal/journal.ts";

export interface AppliedChange {
  readonly before: ItemRow;
  readonly after: ItemRow;
}

/**
 * Brings the journal's pictures up to what the server says of one, and answers what changed. Pictures that their run
 * has settled stay as they are; older news than the journal has is passed over. Of several files with the same bytes,
 * the first is marked, the others were there already. Call it within `Journal.commit`.
 */
export function applyMedia(journal: Journal, media: RemoteMedia): AppliedChange[] {
  const items = journal.items.ofMedia(media.id).sort((a, b) => a.seen - b.seen);
  const changes: AppliedChange[] = [];
  const isMarked = media.state === "marked" || media.state === "published";
  const markedIn = new Set(
    items.filter((item) => isItemSettled(item) && item.state !== "failed").map((item) => item.jobId),
  );
  for (const item of items) {
    if (isItemSettled(item) || media.version < item.mediaVersion) continue;
    const way = wayTo(item.state, media.state);
    if (!way) continue;
    const facts: ItemChange = {
      mediaVersion: media.version,
      objectKey: media.objectKey,
      markedKey: media.markedKey,
      errorCode: media.state === "failed" ? (media.error?.code ?? "mark.failed") : null,
      errorMessage: media.state === "failed" ? (media.error?.message ?? "The picture was not marked.") : null,
      ...(isMarked && markedIn.has(item.jobId) ? { already: true } : {}),
      ...(isSettled(media.state) ? { settledRun: item.run } : {}),
    };
    for (const step of way.slice(0, -1)) journal.items.change(item.id, { state: step });
    const change = journal.items.change(item.id, { ...facts, state: way.at(-1)! });
    if (!change) continue;
    changes.push({ before: item, after: change.after });
    if (isMarked) markedIn.add(item.jobId);
  }
  return changes;
}

/** The states to go through, the last of them `to`; news may have been missed in between. */
function wayTo(from: MediaState, to: MediaState): readonly MediaState[] | null {
  if (from === to || mayFollow(from, to)) return [to];
  return mayFollow(from, "uploaded") && mayFollow("uploaded", to) ? ["uploaded", to] : null;
}

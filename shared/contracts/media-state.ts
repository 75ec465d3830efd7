/**
 * The way of one picture. Desktop journal and server rows hold the same states.
 * found → copied → queued → uploading → uploaded → marking → marked → published; or failed.
 */
export const MEDIA_STATES = [
  "found",
  "copied",
  "queued",
  "uploading",
  "uploaded",
  "marking",
  "marked",
  "published",
  "failed",
] as const;
export type MediaState = (typeof MEDIA_STATES)[number];

/** Steps may be passed over where a stage does not apply (a folder import copies nothing), never walked back,
 *  but for the retries named here: a failed picture may be queued or marked again, a marked one re-marked, and one
 *  whose original has vanished from the store sent again. */
const NEXT: Readonly<Record<MediaState, readonly MediaState[]>> = {
  found: ["copied", "queued", "uploading", "uploaded", "marking", "marked", "failed"],
  copied: ["queued", "failed"],
  queued: ["uploading", "uploaded", "marking", "marked", "failed"],
  uploading: ["queued", "uploaded", "marking", "marked", "failed"],
  uploaded: ["marking", "marked", "failed"],
  marking: ["uploaded", "marked", "failed"],
  marked: ["uploading", "uploaded", "marking", "published"],
  published: ["uploading", "uploaded", "marking"],
  failed: ["queued", "uploading", "uploaded", "marking", "marked"],
};

/** The one function that decides what may follow what. Staying in a state is not a step. */
export function mayFollow(from: MediaState, to: MediaState): boolean {
  return NEXT[from].includes(to);
}

/** True when nothing more happens to the picture by itself. */
export function isSettled(state: MediaState): boolean {
  return state === "marked" || state === "published" || state === "failed";
}

import { AppError } from "#kernel/errors.ts";
import { assertAllowed, type Caller } from "./caller.ts";
import type { MediaRepository, MediaRow } from "./ports/media-repository.ts";

/** How a caller names a picture: its id, the key of its original or of the marked one, or the original's SHA-256. */
export type PictureReference =
  | { readonly mediaId: string }
  | { readonly objectKey: string }
  | { readonly sha256: string };

/** The caller's picture. @throws AppError `not_found`, also for another owner's; `permission_denied`. */
export async function referredPicture(
  repository: MediaRepository,
  caller: Caller,
  reference: PictureReference,
): Promise<MediaRow> {
  const row = await find(repository, caller.user, reference);
  if (!row) throw new AppError("not_found", "There is no such picture.");
  assertAllowed(caller, { bucket: row.bucket, key: row.objectKey, size: 0 });
  return row;
}

async function find(
  repository: MediaRepository,
  owner: string,
  reference: PictureReference,
): Promise<MediaRow | null> {
  if ("sha256" in reference) return repository.findByContent(owner, reference.sha256);
  if ("mediaId" in reference) return (await repository.get([reference.mediaId], { owner }))[0] ?? null;
  const { objectKey } = reference;
  const [row] = await repository.get([mediaIdOf(objectKey)], { owner });
  return row && (row.objectKey === objectKey || row.markedKey === objectKey) ? row : null;
}

/** Keys are `raw/<user>/<media id>.<ext>`; whose the picture is, the row says. Pure. */
export function mediaIdOf(objectKey: string): string {
  return objectKey.slice(objectKey.lastIndexOf("/") + 1).replace(/\.[a-z0-9]*$/, "");
}

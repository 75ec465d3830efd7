import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MediaState as State } from "#contracts/media-state.ts";
import {
  type MediaSchema,
  MediaState,
  type PictureReference as Reference,
  type SnapshotSchema,
} from "#gen/media_pb.ts";
import { AppError } from "#kernel/errors.ts";
import type { PictureReference } from "../services/picture-reference.ts";
import type { MediaRow, PublishedPicture } from "../services/ports/media-repository.ts";
import type { Snapshot } from "../services/ports/swap-ledger.ts";

const WIRE: Partial<Record<State, MediaState>> = {
  uploading: MediaState.UPLOADING,
  uploaded: MediaState.UPLOADED,
  marking: MediaState.MARKING,
  marked: MediaState.MARKED,
  published: MediaState.PUBLISHED,
  failed: MediaState.FAILED,
};

export function toMediaMessage(row: MediaRow): MessageInitShape<typeof MediaSchema> {
  return {
    id: row.id,
    owner: row.owner,
    fileName: row.fileName,
    size: BigInt(row.size),
    contentType: row.contentType,
    sha256: row.sha256,
    objectKey: row.objectKey,
    markedKey: row.markedKey ?? "",
    state: WIRE[row.state] ?? MediaState.UNSPECIFIED,
    errorCode: row.errorCode ?? "",
    errorMessage: row.errorMessage ?? "",
    traceId: row.traceId,
    markSpec: row.markSpec,
    version: BigInt(row.version),
    createdAtMs: BigInt(row.createdAtMs),
    updatedAtMs: BigInt(row.updatedAtMs),
    ...(row.published ? { published: toPublishedMessage(row.published) } : {}),
  };
}

export function toSnapshotMessage({
  key,
  sha256,
  atMs,
  proven,
}: Snapshot & { readonly atMs: number }): MessageInitShape<typeof SnapshotSchema> {
  return { key, sha256, atMs: BigInt(atMs), ...(proven ? { proven } : {}) };
}

/** @throws AppError `invalid_argument` when it names nothing. */
export function fromReference(reference: Reference | undefined): PictureReference {
  const picture = reference?.picture;
  if (picture?.case === "mediaId") return { mediaId: picture.value };
  if (picture?.case === "objectKey") return { objectKey: picture.value };
  if (picture?.case === "sha256") return { sha256: picture.value };
  throw new AppError("invalid_argument", "Name a picture by its id, object key or SHA-256.");
}

function toPublishedMessage({ snapshotKey, ...picture }: PublishedPicture) {
  return { picture, snapshotKey: snapshotKey ?? "" };
}

/** Our states for those asked for; unknown numbers name none. */
export function fromWireStates(states: readonly MediaState[]): State[] {
  return Object.entries(WIRE)
    .filter(([, wire]) => states.includes(wire))
    .map(([state]) => state as State);
}

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MediaState as State } from "#contracts/media-state.ts";
import { type MediaSchema, MediaState } from "#gen/media_pb.ts";
import type { MediaRow } from "../services/ports/media-repository.ts";

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
  };
}

/** Our states for those asked for; unknown numbers name none. */
export function fromWireStates(states: readonly MediaState[]): State[] {
  return Object.entries(WIRE)
    .filter(([, wire]) => states.includes(wire))
    .map(([state]) => state as State);
}

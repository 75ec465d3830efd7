import { type ControlPlaneClient, fromConnectError } from "#contracts/client.ts";
import type { MediaState } from "#contracts/media-state.ts";
import { type Media, MediaState as WireState } from "#gen/media_pb.ts";
import type { CompletedUpload, ItemError, UploadTicket } from "#gen/uploads_pb.ts";
import { AppError, type ErrorBody, isErrorCode } from "#kernel/errors.ts";
import type { Completed, ControlPlane, RemoteMedia, Ticket } from "./control-plane.ts";

/** Milliseconds for one call; a server that takes longer counts as not answering. */
const CALL_TIMEOUT_MS = 30_000;

const STATES: Readonly<Record<WireState, MediaState | null>> = {
  [WireState.UNSPECIFIED]: null,
  [WireState.UPLOADING]: "uploading",
  [WireState.UPLOADED]: "uploaded",
  [WireState.MARKING]: "marking",
  [WireState.MARKED]: "marked",
  [WireState.PUBLISHED]: "published",
  [WireState.FAILED]: "failed",
};

/** The control plane over its typed client. */
export function createControlPlane(client: ControlPlaneClient): ControlPlane {
  return {
    async health({ signal }) {
      const answer = await call(signal, (options) => client.health.check({}, options));
      return { serverId: answer.serverId, version: answer.version, nowMs: Number(answer.nowMs) };
    },
    async announce(items, { signal }) {
      const wire = items.map((item) => ({ ...item, size: BigInt(item.size) }));
      const answer = await call(signal, (options) => client.uploads.createUploads({ items: wire }, options));
      return answer.items.map(toTicket);
    },
    async putTemplate(operator, { signal }) {
      return (await call(signal, (options) => client.templates.putTemplate({ operator }, options))).version;
    },
    async signParts(upload, parts, { signal }) {
      const wire = parts.map(({ partNumber, size }) => ({ partNumber, size: BigInt(size) }));
      const answer = await call(signal, (options) =>
        client.uploads.signParts({ ...upload, parts: wire }, options),
      );
      return answer.parts.map(({ partNumber, url, headers, expiresAtMs }) => ({
        partNumber,
        url,
        headers,
        expiresAtMs: Number(expiresAtMs),
      }));
    },
    async listParts(upload, { signal }) {
      const answer = await call(signal, (options) => client.uploads.listParts(upload, options));
      return answer.parts.map(({ partNumber, etag, size }) => ({ partNumber, etag, size: Number(size) }));
    },
    async complete(items, { signal }) {
      const wire = items.map(({ mediaId, uploadId, parts }) => ({
        mediaId,
        uploadId: uploadId ?? "",
        parts: parts.map((part) => ({ ...part, size: BigInt(part.size) })),
      }));
      const answer = await call(signal, (options) =>
        client.uploads.completeUploads({ items: wire }, options),
      );
      return answer.items.map(toCompleted);
    },
    async media(ids, { signal }) {
      const answer = await call(signal, (options) => client.media.getMedia({ ids: [...ids] }, options));
      return { items: answer.items.map(toMedia), sequence: answer.sequence };
    },
    async *watch(afterSequence, { signal }) {
      try {
        for await (const { items, sequence } of client.media.watchMedia({ afterSequence }, { signal }))
          yield { items: items.map(toMedia), sequence };
      } catch (error) {
        throw fromConnectError(error);
      }
    },
    async downloadUrl(mediaId, marked, { signal }) {
      const answer = await call(signal, (options) => client.media.signDownload({ mediaId, marked }, options));
      return answer.url;
    },
  };
}

async function call<T>(
  signal: AbortSignal,
  send: (options: { readonly signal: AbortSignal; readonly timeoutMs: number }) => Promise<T>,
): Promise<T> {
  try {
    return await send({ signal, timeoutMs: CALL_TIMEOUT_MS });
  } catch (error) {
    const failure = fromConnectError(error);
    if (failure.code === "deadline_exceeded" || failure.code === "unavailable")
      throw new AppError("unavailable", "The server does not answer. Platemark goes on when it does.", {
        retry: "backoff",
        cause: error,
      });
    throw failure;
  }
}

function toTicket({ mediaId, objectKey, how }: UploadTicket): Ticket {
  switch (how.case) {
    case "put": {
      const { url, headers, expiresAtMs } = how.value;
      return { kind: "put", mediaId, objectKey, request: { url, headers, expiresAtMs: Number(expiresAtMs) } };
    }
    case "multipart": {
      const { uploadId, partSize } = how.value;
      return { kind: "multipart", mediaId, objectKey, uploadId, partSize: Number(partSize) };
    }
    case "already":
      if (!how.value.media) throw incomplete();
      return { kind: "already", media: toMedia(how.value.media) };
    case "error":
      return { kind: "error", error: toError(how.value) };
    case undefined:
      throw incomplete();
  }
}

function toCompleted({ outcome }: CompletedUpload): Completed {
  if (outcome.case === "media") return { kind: "media", media: toMedia(outcome.value) };
  if (outcome.case === "error") return { kind: "error", error: toError(outcome.value) };
  throw incomplete();
}

function toMedia(media: Media): RemoteMedia {
  const state = STATES[media.state];
  if (!state) throw incomplete();
  return {
    id: media.id,
    state,
    objectKey: media.objectKey,
    markedKey: media.markedKey === "" ? null : media.markedKey,
    error: media.errorCode === "" ? null : toError({ code: media.errorCode, message: media.errorMessage }),
    version: Number(media.version),
  };
}

function toError({ code, message }: Pick<ItemError, "code" | "message">): ErrorBody {
  return { code: isErrorCode(code) ? code : "internal", message };
}

function incomplete(): AppError {
  return new AppError(
    "internal",
    "The server's answer is incomplete. Is it of the same version as this program?",
  );
}

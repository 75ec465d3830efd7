import type { DescMethod } from "@bufbuild/protobuf";
import { z } from "zod";
import { markKey, markSchema } from "#contracts/mark.ts";
import { MediaService } from "#gen/media_pb.ts";
import { UploadService } from "#gen/uploads_pb.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Cause } from "#kernel/trace-context.ts";
import type { Caller } from "../../services/caller.ts";
import type { MediaService as Media } from "../../services/media-service.ts";
import { mediaIdOf } from "../../services/picture-reference.ts";
import type { MediaRow } from "../../services/ports/media-repository.ts";
import type { UploadService as Uploads } from "../../services/upload-service.ts";
import { type JsonBody, readJson } from "./json-body.ts";

export interface JsonCall {
  readonly body: JsonBody;
  readonly caller: Caller;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly cause: Cause;
}

export interface JsonRoute {
  /** The method that the route stands for; what it asks of its caller, the route asks. */
  readonly method: DescMethod;
  answer(call: JsonCall): Promise<unknown>;
}

const MAX_BODY_BYTES = 2 * 1024 * 1024;

const announcement = z.strictObject({
  fileName: z.string(),
  size: z.number().int(),
  contentType: z.string().default(""),
  sha256: z.string(),
  traceId: z.string().default(""),
  mark: markSchema.optional(),
});

const completion = z
  .strictObject({
    mediaId: z.string().min(1).optional(),
    objectKey: z.string().min(1).optional(),
    uploadId: z.string().default(""),
    parts: z
      .array(
        z.strictObject({
          partNumber: z.number().int(),
          etag: z.string(),
          size: z.number().int().nonnegative().default(0),
        }),
      )
      .max(10_000)
      .default([]),
    size: z.number().int().optional(),
    sha256: z.string().optional(),
  })
  .refine(({ mediaId, objectKey }) => mediaId !== undefined || objectKey !== undefined, {
    message: "mediaId or objectKey must be given",
  });

const pictureReference = z.union([
  z.strictObject({ mediaId: z.string().min(1) }),
  z.strictObject({ objectKey: z.string().min(1) }),
  z.strictObject({ sha256: z.string().min(1) }),
]);

const to = z.string().default("");
const rollback = z.union([
  z.strictObject({ mediaId: z.string().min(1), to }),
  z.strictObject({ objectKey: z.string().min(1), to }),
  z.strictObject({ sha256: z.string().min(1), to }),
]);

/** The plain JSON forms of what a page does: presign (spec.md S2), register (S3) and roll back (S15). All other calls have theirs at
 *  `POST /platemark.v1.SERVICE/METHOD`. */
export function jsonRoutes(deps: {
  readonly uploads: Uploads;
  readonly media: Media;
}): ReadonlyMap<string, JsonRoute> {
  const { uploads, media } = deps;
  return new Map<string, JsonRoute>([
    [
      "/api/v1/uploads",
      {
        method: UploadService.method.createUploads,
        async answer({ body, caller, logger, signal, cause }) {
          const { mark, ...wanted } = await readJson(body, announcement, MAX_BODY_BYTES);
          const request = { ...wanted, markSpec: mark ? markKey(mark) : "" };
          const [ticket] = await uploads.create(caller, [request], { logger, signal, cause });
          if (!ticket || "error" in ticket)
            throw ticket?.error ?? new AppError("internal", "No ticket was issued.");
          const { mediaId, objectKey, plan } = ticket;
          if (plan.kind === "already") return { mediaId, objectKey, media: toJson(plan.media) };
          if (plan.kind === "multipart") {
            const { uploadId, partSize, partCount } = plan;
            return { mediaId, objectKey, uploadId, partSize, partCount };
          }
          const { url, headers, expiresAtMs } = plan.request;
          return { mediaId, objectKey, uploadUrl: url, method: "PUT", headers, expiresAtMs };
        },
      },
    ],
    [
      "/api/v1/uploads/complete",
      {
        method: UploadService.method.completeUploads,
        async answer({ body, caller, logger, signal, cause }) {
          const told = await readJson(body, completion, MAX_BODY_BYTES);
          const mediaId = told.mediaId ?? mediaIdOf(told.objectKey ?? "");
          const [row] = (await media.get(caller, [mediaId])).rows;
          if (!row || (told.objectKey !== undefined && told.objectKey !== row.objectKey))
            throw new AppError("not_found", "There is no such picture.");
          if (told.size !== undefined && told.size !== row.size)
            throw new AppError("upload.size_mismatch", "Another size was announced for this picture.");
          if (told.sha256 !== undefined && told.sha256 !== row.sha256)
            throw new AppError(
              "upload.checksum_mismatch",
              "Another checksum was announced for this picture.",
            );
          const { uploadId, parts } = told;
          const [outcome] = await uploads.complete(caller, [{ mediaId, uploadId, parts }], {
            logger,
            signal,
            cause,
          });
          if (!outcome || "error" in outcome) throw outcome?.error ?? new AppError("internal", "No outcome.");
          return { media: toJson(outcome.media) };
        },
      },
    ],
    [
      "/api/v1/media/snapshots",
      {
        method: MediaService.method.listSnapshots,
        async answer({ body, caller }) {
          const { media: found, snapshots } = await media.snapshots(
            caller,
            await readJson(body, pictureReference, MAX_BODY_BYTES),
          );
          return { media: toJson(found), snapshots };
        },
      },
    ],
    [
      "/api/v1/media/rollback",
      {
        method: MediaService.method.rollbackMedia,
        async answer({ body, caller, logger, signal, cause }) {
          const { to, ...reference } = await readJson(body, rollback, MAX_BODY_BYTES);
          return { media: toJson(await media.rollBack(caller, reference, to, { logger, signal, cause })) };
        },
      },
    ],
  ]);
}

function toJson(row: MediaRow): Record<string, unknown> {
  const { id, fileName, size, contentType, sha256, objectKey, markedKey, published, state } = row;
  const { traceId, version } = row;
  return {
    id,
    fileName,
    size,
    contentType,
    sha256,
    objectKey,
    markedKey,
    published,
    state,
    traceId,
    version,
  };
}

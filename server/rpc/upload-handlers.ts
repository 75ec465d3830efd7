import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ItemErrorSchema, UploadService, UploadTicketSchema } from "#gen/uploads_pb.ts";
import type { AppError } from "#kernel/errors.ts";
import type { UploadService as Uploads, UploadTicket } from "../services/upload-service.ts";
import { callerOf, callOptions } from "./call-context.ts";
import { publicMessage } from "./error-table.ts";
import { toMediaMessage } from "./media-message.ts";

export function uploadHandlers(uploads: Uploads): ServiceImpl<typeof UploadService> {
  return {
    async createUploads(request, context) {
      const wanted = request.items.map((item) => ({ ...item, size: Number(item.size) }));
      const tickets = await uploads.create(callerOf(context), wanted, callOptions(context));
      return { items: tickets.map(toTicketMessage) };
    },

    async signParts(request, context) {
      const parts = request.parts.map(({ partNumber, size }) => ({ partNumber, size: Number(size) }));
      const { mediaId, uploadId } = request;
      const signed = await uploads.signParts(callerOf(context), { mediaId, uploadId, parts });
      return {
        parts: signed.map(({ partNumber, url, headers, expiresAtMs }) => ({
          partNumber,
          url,
          headers: { ...headers },
          expiresAtMs: BigInt(expiresAtMs),
        })),
      };
    },

    async listParts(request, context) {
      const parts = await uploads.listParts(callerOf(context), request);
      return { parts: parts.map((part) => ({ ...part, size: BigInt(part.size) })) };
    },

    async completeUploads(request, context) {
      const completions = request.items.map(({ mediaId, uploadId, parts }) => ({
        mediaId,
        uploadId,
        parts: parts.map(({ partNumber, etag, size }) => ({ partNumber, etag, size: Number(size) })),
      }));
      const outcomes = await uploads.complete(callerOf(context), completions, callOptions(context));
      return {
        items: outcomes.map((outcome) => ({
          mediaId: outcome.mediaId,
          outcome:
            "error" in outcome
              ? { case: "error" as const, value: toItemError(outcome.error) }
              : { case: "media" as const, value: toMediaMessage(outcome.media) },
        })),
      };
    },

    async abortUpload(request, context) {
      await uploads.abort(callerOf(context), request);
      return {};
    },
  };
}

function toTicketMessage(ticket: UploadTicket): MessageInitShape<typeof UploadTicketSchema> {
  if ("error" in ticket) return { how: { case: "error", value: toItemError(ticket.error) } };
  const { mediaId, objectKey, plan } = ticket;
  switch (plan.kind) {
    case "put": {
      const { url, headers, expiresAtMs } = plan.request;
      const value = { url, headers: { ...headers }, expiresAtMs: BigInt(expiresAtMs) };
      return { mediaId, objectKey, how: { case: "put", value } };
    }
    case "multipart": {
      const { uploadId, partSize, partCount } = plan;
      return {
        mediaId,
        objectKey,
        how: { case: "multipart", value: { uploadId, partSize: BigInt(partSize), partCount } },
      };
    }
    case "already":
      return { mediaId, objectKey, how: { case: "already", value: { media: toMediaMessage(plan.media) } } };
  }
}

function toItemError(error: AppError): MessageInitShape<typeof ItemErrorSchema> {
  return { code: error.code, message: publicMessage(error) };
}

import type { ServiceImpl } from "@connectrpc/connect";
import type { MediaService } from "#gen/media_pb.ts";
import type { MediaService as Media, MediaChanges } from "../services/media-service.ts";
import { callerOf, callOptions } from "./call-context.ts";
import { fromReference, fromWireStates, toMediaMessage, toSnapshotMessage } from "./media-message.ts";

export function mediaHandlers(media: Media): ServiceImpl<typeof MediaService> {
  const toMessage = ({ rows, sequence }: MediaChanges) => ({
    items: rows.map(toMediaMessage),
    sequence: BigInt(sequence),
  });
  return {
    async getMedia(request, context) {
      return toMessage(await media.get(callerOf(context), request.ids));
    },

    async listMedia(request, context) {
      const { pageSize, pageToken } = request;
      const states = fromWireStates(request.states);
      const page = await media.list(callerOf(context), { pageSize, pageToken, states });
      return { items: page.rows.map(toMediaMessage), nextPageToken: page.nextPageToken ?? "" };
    },

    async *watchMedia(request, context) {
      const after = Number(request.afterSequence);
      for await (const changes of media.watch(callerOf(context), after, context.signal))
        yield toMessage(changes);
      // The stream has no end of its own: a deadline, or a server that stops, is told as what it is.
      context.signal.throwIfAborted();
    },

    async signDownload(request, context) {
      const { url, expiresAtMs } = await media.signDownload(callerOf(context), request);
      return { url, expiresAtMs: BigInt(expiresAtMs) };
    },

    async listSnapshots(request, context) {
      const found = await media.snapshots(callerOf(context), fromReference(request.picture));
      return { media: toMediaMessage(found.media), snapshots: found.snapshots.map(toSnapshotMessage) };
    },

    async rollbackMedia({ picture, to }, context) {
      const reference = fromReference(picture);
      const row = await media.rollBack(callerOf(context), reference, to, callOptions(context));
      return { media: toMediaMessage(row) };
    },
  };
}

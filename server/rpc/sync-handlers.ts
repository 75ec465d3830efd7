import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { SyncClientKind, type SyncRequest, type SyncResponseSchema, type SyncService } from "#gen/sync_pb.ts";
import { AppError } from "#kernel/errors.ts";
import type { ClientKind } from "../services/ports/presence-board.ts";
import {
  SYNC_DEAD_AFTER_MS,
  SYNC_HEARTBEAT_MS,
  SYNC_WINDOW,
  type SyncIn,
  type SyncOut,
} from "../services/sync-messages.ts";
import type { SyncService as Sync } from "../services/sync-service.ts";
import { callerOf } from "./call-context.ts";
import { toMediaMessage } from "./media-message.ts";

const KINDS: Readonly<Record<ClientKind, SyncClientKind>> = {
  desktop: SyncClientKind.DESKTOP,
  page: SyncClientKind.PAGE,
  program: SyncClientKind.PROGRAM,
};

export function syncHandlers(sync: Sync): ServiceImpl<typeof SyncService> {
  return {
    async *sync(requests, context) {
      for await (const message of sync.sync(callerOf(context), fromWire(requests), context.signal))
        yield toWire(message);
      context.signal.throwIfAborted();
    },
  };
}

async function* fromWire(requests: AsyncIterable<SyncRequest>): AsyncGenerator<SyncIn> {
  for await (const { message } of requests) {
    switch (message.case) {
      case "hello": {
        const { clientId, kind, label, activity, media, presence, afterSequence } = message.value;
        const clientKind = (Object.keys(KINDS) as ClientKind[]).find((name) => KINDS[name] === kind);
        const after = afterSequence === undefined ? undefined : Number(afterSequence);
        yield {
          kind: "hello",
          clientId,
          clientKind: clientKind ?? "program",
          label,
          activity,
          media,
          presence,
          afterSequence: after,
        };
        break;
      }
      case "acknowledge":
        yield { kind: "acknowledge", sequence: Number(message.value.sequence) };
        break;
      case "activity":
        yield { kind: "activity", activity: message.value.activity };
        break;
      case "ping":
        yield { kind: "ping" };
        break;
      case undefined:
        throw new AppError("invalid_argument", "A message says something.");
    }
  }
}

function toWire(message: SyncOut): MessageInitShape<typeof SyncResponseSchema> {
  switch (message.kind) {
    case "welcome": {
      const value = {
        sequence: BigInt(message.sequence),
        heartbeatMs: SYNC_HEARTBEAT_MS,
        deadAfterMs: SYNC_DEAD_AFTER_MS,
        window: SYNC_WINDOW,
      };
      return { message: { case: "welcome", value } };
    }
    case "changes": {
      const value = { items: message.rows.map(toMediaMessage), sequence: BigInt(message.sequence) };
      return { message: { case: "changes", value } };
    }
    case "presence": {
      const peers = message.peers.map((peer) => ({
        ...peer,
        kind: KINDS[peer.kind],
        sinceMs: BigInt(peer.sinceMs),
      }));
      return { message: { case: "presence", value: { peers } } };
    }
    case "heartbeat": {
      const value = { sequence: BigInt(message.sequence), nowMs: BigInt(message.nowMs) };
      return { message: { case: "heartbeat", value } };
    }
  }
}

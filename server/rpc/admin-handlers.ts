import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AdminService,
  type OriginEntrySchema,
  OriginKind,
  type OriginsInForceSchema,
} from "#gen/admin_pb.ts";
import { AppError } from "#kernel/errors.ts";
import type { AuditLog } from "../services/ports/audit-log.ts";
import type { OriginControl, OriginEntry, OriginsInForce } from "../services/ports/origin-control.ts";
import { callerOf, causeKey } from "./call-context.ts";

const DEFAULT_CHANGES = 50;
const MAX_CHANGES = 200;

const KINDS = {
  exact: OriginKind.EXACT,
  wildcard: OriginKind.WILDCARD,
  pattern: OriginKind.PATTERN,
} as const satisfies Record<OriginEntry["kind"], OriginKind>;

export function adminHandlers(deps: {
  readonly origins: OriginControl;
  readonly audit: AuditLog;
}): ServiceImpl<typeof AdminService> {
  const { origins, audit } = deps;
  return {
    getOrigins: () => ({ origins: toMessage(origins.inForce()) }),

    async setOrigins({ expectedVersion, entries }, context) {
      const set = await origins.set({
        expectedVersion,
        entries: entries.map(({ kind, value, credentials }) => ({ kind: kindOf(kind), value, credentials })),
        actor: callerOf(context).user,
        requestId: context.values.get(causeKey)?.requestId ?? "",
      });
      return { origins: toMessage(set) };
    },

    async listChanges({ limit }) {
      const changes = await audit.latest(limit === 0 ? DEFAULT_CHANGES : Math.min(limit, MAX_CHANGES));
      return { changes: changes.map((change) => ({ ...change, atMs: BigInt(change.atMs) })) };
    },
  };
}

function toMessage(inForce: OriginsInForce): MessageInitShape<typeof OriginsInForceSchema> {
  const { environment, version, entries, fixed, refused } = inForce;
  return {
    environment,
    version,
    entries: entries.map(toEntry),
    fixed: fixed.map(toEntry),
    refused: refused ?? "",
  };
}

function toEntry({ kind, value, credentials }: OriginEntry): MessageInitShape<typeof OriginEntrySchema> {
  return { kind: KINDS[kind], value, credentials };
}

function kindOf(kind: OriginKind): OriginEntry["kind"] {
  for (const [name, value] of Object.entries(KINDS)) if (value === kind) return name as OriginEntry["kind"];
  throw new AppError("invalid_argument", "An origin is exact, a wildcard or a pattern; its kind is missing.");
}

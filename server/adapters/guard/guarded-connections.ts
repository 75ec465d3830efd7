import type { AuditLog } from "../../services/ports/audit-log.ts";
import type { MediaRepository } from "../../services/ports/media-repository.ts";
import type { ObjectStore } from "../../services/ports/object-store.ts";
import type { Queue } from "../../services/ports/queue.ts";
import type { SwapLedger } from "../../services/ports/swap-ledger.ts";
import type { TemplateRepository } from "../../services/ports/template-repository.ts";
import { ComponentGuard, type GuardDeps } from "./component-guard.ts";

/** Its client gives up by itself on a store that is silent; an object may take as long as it takes. */
const STORE = { component: "store", awayCode: "store.unreachable", atOnce: 256 } as const;
const DATABASE = { component: "database", awayCode: "unavailable", atOnce: 256, timeoutMs: 60_000 } as const;
const QUEUE = { component: "queue", awayCode: "unavailable", atOnce: 256, timeoutMs: 30_000 } as const;

/** Signing needs no store, and preparing the bucket is what waits for one. */
const STORE_OPERATIONS = [
  "head",
  "get",
  "put",
  "copy",
  "remove",
  "createMultipart",
  "listParts",
  "completeMultipart",
  "abortMultipart",
] as const satisfies readonly (keyof ObjectStore)[];
const REPOSITORY_OPERATIONS = [
  "announce",
  "findByContent",
  "get",
  "list",
  "change",
  "lastSequence",
  "eventsAfter",
  "removeEventsBefore",
  "outbox",
  "outboxDone",
  "staleUploads",
] as const satisfies readonly (keyof MediaRepository)[];
const LEDGER_OPERATIONS = [
  "begin",
  "begunFor",
  "finish",
  "abandon",
  "isBegun",
  "isFollowed",
  "forget",
  "snapshotsOf",
  "stale",
  "removable",
] as const satisfies readonly (keyof SwapLedger)[];
const AUDIT_OPERATIONS = ["append", "latest"] as const satisfies readonly (keyof AuditLog)[];
const TEMPLATE_OPERATIONS = ["put", "get", "known"] as const satisfies readonly (keyof TemplateRepository)[];
/** Taking waits for jobs, which is no sign of anything. */
const QUEUE_OPERATIONS = [
  "enqueue",
  "extend",
  "ack",
  "retry",
  "postpone",
  "bury",
  "deadLetters",
  "revive",
  "stats",
  "oldestReadyMs",
] as const satisfies readonly (keyof Queue)[];

export function guardStore(store: ObjectStore, deps: GuardDeps): ObjectStore {
  return new ComponentGuard(STORE, deps).guard(store, STORE_OPERATIONS);
}

/** The ports on one database share its breaker. */
export function guardDatabase(
  ports: {
    readonly repository: MediaRepository;
    readonly ledger: SwapLedger;
    readonly templates: TemplateRepository;
    readonly audit: AuditLog;
  },
  deps: GuardDeps,
): typeof ports {
  const guard = new ComponentGuard(DATABASE, deps);
  return {
    repository: guard.guard(ports.repository, REPOSITORY_OPERATIONS),
    ledger: guard.guard(ports.ledger, LEDGER_OPERATIONS),
    templates: guard.guard(ports.templates, TEMPLATE_OPERATIONS),
    audit: guard.guard(ports.audit, AUDIT_OPERATIONS),
  };
}

export function guardQueue(queue: Queue, deps: GuardDeps): Queue {
  return new ComponentGuard(QUEUE, deps).guard(queue, QUEUE_OPERATIONS);
}

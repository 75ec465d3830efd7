import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { Transport } from "#upload/ports.ts";
import { TransferGate } from "#upload/transfer-gate.ts";
import type {
  Announcement,
  Completed,
  Completion,
  ControlPlane,
  Ticket,
} from "../control-plane/control-plane.ts";
import type { Journal } from "../journal/journal.ts";
import { Batcher } from "./batcher.ts";
import { BufferPool } from "./buffer-pool.ts";

import { Semaphore } from "./semaphore.ts";

const MIB = 1024 * 1024;

export interface ImportLimits {
  /** Pictures between "found" and "uploaded" at once. @default 64 */
  readonly pictures?: number;
  /** Requests to the store at once. @default 8 */
  readonly requests?: number;
  /** Files being sent at once. @default 8 */
  readonly files?: number;
  /** Files being read for their checksum at once. @default 4 */
  readonly readers?: number;
  /** Bytes of small files held between reading and sending. @default 24 MiB */
  readonly heldBytes?: number;
}

export interface ImportLaneDeps {
  readonly journal: Journal;
  readonly controlPlane: ControlPlane;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What all imports of one studio share: the bounds of every stage, and the calls that are made for many at once. */
export class ImportLane {
  readonly pictures: number;
  readonly gate: TransferGate;
  readonly files: Semaphore;
  readonly readers: Semaphore;
  readonly buffers: BufferPool;
  readonly announcer: Batcher<Announcement, Ticket>;
  readonly completer: Batcher<Completion, Completed>;
  /** SHA-256 of what is between announcing and uploaded, with the failure that it ended in, if it did. */
  readonly underWay = new Map<string, Promise<AppError | null>>();

  constructor(deps: ImportLaneDeps, limits: ImportLimits, signal: AbortSignal) {
    this.pictures = limits.pictures ?? 64;
    this.gate = new TransferGate(deps, { concurrency: limits.requests ?? 8 });
    this.files = new Semaphore(limits.files ?? 8);
    this.readers = new Semaphore(limits.readers ?? 4);
    this.buffers = new BufferPool(limits.heldBytes ?? 24 * MIB);
    this.announcer = new Batcher(
      (items) => oneByOneWhenRefused(items, (some) => deps.controlPlane.announce(some, { signal })),
      { most: 64, lingerMs: 8 },
    );
    this.completer = new Batcher(
      (items) => oneByOneWhenRefused(items, (some) => deps.controlPlane.complete(some, { signal })),
      { most: 64, lingerMs: 8 },
    );
  }
}

/** A batch that is refused as a whole is asked again one by one, so that one picture spoils it for itself alone. */
async function oneByOneWhenRefused<Item, Result>(
  items: readonly Item[],
  call: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  try {
    return await call(items);
  } catch (error) {
    if (AppError.from(error).code !== "invalid_argument" || items.length === 1) throw error;
    const results: Result[] = [];
    for (const item of items) results.push((await call([item]))[0]!);
    return results;
  }
}

import type { EventName, EventPayload } from "#contracts/ipc.ts";
import { EVENTS_CHANNEL, type WindowEvent } from "#contracts/window-events.ts";
import type { Clock } from "#kernel/clock.ts";

const GATHER_MS = 50;

/** What this file needs of an Electron `WebContents`. */
export interface EventTarget {
  isDestroyed(): boolean;
  isCrashed(): boolean;
  send(channel: string, batch: readonly WindowEvent[]): void;
}

/** Sends events to every living window, gathered for {@link GATHER_MS}; of one job's many states only the last. */
export class EventForwarder {
  readonly #targets: () => readonly EventTarget[];
  readonly #clock: Clock;
  #batch: WindowEvent[] = [];

  constructor(deps: { readonly targets: () => readonly EventTarget[]; readonly clock: Clock }) {
    this.#targets = deps.targets;
    this.#clock = deps.clock;
  }

  push(event: EventName, payload: unknown): void {
    if (this.#batch.length === 0) void this.#clock.sleep(GATHER_MS).then(() => this.#send());
    const key = replaceable(event, payload);
    const older =
      key === null
        ? -1
        : this.#batch.findIndex((waiting) => replaceable(waiting.event, waiting.payload) === key);
    if (older >= 0) this.#batch.splice(older, 1);
    this.#batch.push({ event, payload });
  }

  #send(): void {
    const batch = this.#batch;
    this.#batch = [];
    for (const target of this.#targets())
      if (!target.isDestroyed() && !target.isCrashed()) target.send(EVENTS_CHANNEL, batch);
  }
}

/** Events with the same key replace each other; `null`: every one counts. */
function replaceable(event: EventName, payload: unknown): string | null {
  if (event === "job.changed") return `job ${(payload as EventPayload<"job.changed">).job.id}`;
  return event === "connection.changed" || event === "templates.changed" ? event : null;
}

import type { EventName, EventPayload, ItemView, JobView } from "#contracts/ipc.ts";

/** Milliseconds between two rounds of events of one job: two events a round make ten a second. */
const ROUND_MS = 200;
/** Items in one event. */
const MOST_ITEMS = 500;

export type EventListener = <E extends EventName>(event: E, payload: EventPayload<E>) => void;

export interface EventHubSource {
  /** The job as it is now. */
  job(jobId: string): JobView | undefined;
  /** Items as they are now; unknown ones are left out. */
  items(ids: readonly string[]): readonly ItemView[];
}

interface Pending {
  readonly items: Set<string>;
  timer: NodeJS.Timeout | undefined;
  changed: boolean;
}

/** Gathers changes and tells windows of them, at most ten events a second for each job, always as things are now. */
export class EventHub implements Disposable {
  readonly #source: EventHubSource;
  readonly #listeners = new Set<EventListener>();
  readonly #pending = new Map<string, Pending>();

  constructor(source: EventHubSource) {
    this.#source = source;
  }

  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A job, and these of its items, are not what they were. */
  changed(jobId: string, itemIds: readonly string[] = []): void {
    if (this.#listeners.size === 0) return;
    let pending = this.#pending.get(jobId);
    if (!pending) {
      pending = { items: new Set(), timer: undefined, changed: false };
      this.#pending.set(jobId, pending);
    }
    for (const id of itemIds) pending.items.add(id);
    pending.changed = true;
    pending.timer ??= setTimeout(() => this.#round(jobId), ROUND_MS);
  }

  /** Tells what waits, now: the last event of a job must not be late. */
  flush(jobId: string): void {
    while (this.#pending.has(jobId)) this.#round(jobId);
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
    this.#listeners.clear();
  }

  #round(jobId: string): void {
    const pending = this.#pending.get(jobId);
    if (!pending) return;
    clearTimeout(pending.timer);
    const ids: string[] = [];
    for (const id of pending.items) {
      if (ids.length === MOST_ITEMS) break;
      ids.push(id);
      pending.items.delete(id);
    }
    if (pending.items.size > 0) pending.timer = setTimeout(() => this.#round(jobId), ROUND_MS);
    else this.#pending.delete(jobId);
    const items = ids.length > 0 ? [...this.#source.items(ids)] : [];
    if (items.length > 0) this.#tell("items.changed", { jobId, items });
    const job = this.#source.job(jobId);
    if (job) this.#tell("job.changed", { job });
  }

  #tell<E extends EventName>(event: E, payload: EventPayload<E>): void {
    for (const listener of this.#listeners) listener(event, payload);
  }
}

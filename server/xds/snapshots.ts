import { EMPTY_SNAPSHOT, type Snapshot } from "./snapshot.ts";

/** The snapshot in force for each group of clients, and who wants to hear of the next. */
export class Snapshots {
  readonly #current = new Map<string, Snapshot>();
  readonly #listeners = new Set<() => void>();

  get(group: string): Snapshot {
    return this.#current.get(group) ?? EMPTY_SNAPSHOT;
  }

  /** Puts all in force at once. Groups that are left out keep theirs. */
  set(snapshots: ReadonlyMap<string, Snapshot>): void {
    for (const [group, snapshot] of snapshots) this.#current.set(group, snapshot);
    for (const listener of [...this.#listeners]) listener();
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}

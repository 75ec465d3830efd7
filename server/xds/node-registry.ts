import type { Clock } from "#kernel/clock.ts";
import type { ResourceType } from "./resource-type.ts";
import type { AdsVariant } from "./subscription.ts";

/** A refused answer, in the client's words. */
export interface Refusal {
  readonly version: string;
  readonly message: string;
  readonly atMs: number;
}

export interface TypeReport {
  /** What was sent last. */
  readonly sentVersion: string;
  /** What is in force; empty: nothing yet. */
  readonly acceptedVersion: string;
  /** The last refusal; `null` once a later answer was accepted. */
  readonly refusal: Refusal | null;
  readonly refusals: number;
}

/** One client, as far as it has shown itself. */
export interface NodeReport {
  readonly id: string;
  readonly group: string;
  readonly agent: string;
  readonly variant: AdsVariant;
  readonly connected: boolean;
  readonly types: Readonly<Partial<Record<ResourceType, TypeReport>>>;
}

interface Entry {
  readonly id: string;
  group: string;
  agent: string;
  variant: AdsVariant;
  streams: number;
  readonly types: Map<ResourceType, TypeReport>;
}

/** Clients that have gone are remembered, for their refusals, as long as they are not more than this. */
const MOST_NODES = 1_000;
const LONGEST_MESSAGE = 2_000;
const NEW: TypeReport = { sentVersion: "", acceptedVersion: "", refusal: null, refusals: 0 };

/** Who is connected, what each has taken, and what it has refused. In memory: clients come back by themselves. */
export class NodeRegistry {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock;
  }

  get reports(): readonly NodeReport[] {
    return [...this.#entries.values()].map(({ streams, types, ...entry }) => ({
      ...entry,
      connected: streams > 0,
      types: Object.fromEntries(types),
    }));
  }

  connect(node: { readonly id: string; group: string; agent: string; variant: AdsVariant }): Disposable {
    const entry: Entry = this.#entries.get(node.id) ?? { ...node, streams: 0, types: new Map() };
    Object.assign(entry, node);
    entry.streams++;
    this.#entries.delete(node.id);
    this.#entries.set(node.id, entry);
    this.#forget();
    return { [Symbol.dispose]: () => void entry.streams-- };
  }

  sent(id: string, type: ResourceType, version: string): void {
    this.#change(id, type, () => ({ sentVersion: version }));
  }

  accepted(id: string, type: ResourceType): void {
    this.#change(id, type, ({ sentVersion }) => ({ acceptedVersion: sentVersion, refusal: null }));
  }

  refused(id: string, type: ResourceType, message: string): void {
    this.#change(id, type, ({ sentVersion, refusals }) => ({
      refusal: { version: sentVersion, message: message.slice(0, LONGEST_MESSAGE), atMs: this.#clock.now() },
      refusals: refusals + 1,
    }));
  }

  #change(id: string, type: ResourceType, change: (report: TypeReport) => Partial<TypeReport>): void {
    const types = this.#entries.get(id)?.types;
    const report = types?.get(type) ?? NEW;
    types?.set(type, { ...report, ...change(report) });
  }

  #forget(): void {
    for (const [id, { streams }] of this.#entries) {
      if (this.#entries.size <= MOST_NODES) return;
      if (streams === 0) this.#entries.delete(id);
    }
  }
}

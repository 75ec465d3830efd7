import { create } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { isWholeType, REFERRERS, RESOURCE_TYPES, type ResourceType } from "./resource-type.ts";
import { contentVersion, EMPTY_SNAPSHOT, type Snapshot, type XdsResource } from "./snapshot.ts";
import { type AdsVariant, Subscription } from "./subscription.ts";

/** Of what a client has from another time, and is not in the target. */
const UNKNOWN = create(AnySchema);

/** One answer to send. */
export interface Offer {
  readonly type: ResourceType;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly XdsResource[];
  /** Delta only: names that are no more, or never were. */
  readonly removed: readonly string[];
}

export interface AdsRequest {
  readonly type: ResourceType;
  /** Of the answer that this request is about; empty: about none. */
  readonly nonce: string;
  /** Why the client refuses that answer; `null`: it takes it. */
  readonly refusal: string | null;
  readonly names:
    | { readonly all: readonly string[] }
    | {
        readonly more: readonly string[];
        readonly less: readonly string[];
        /** Versions that the client has from an earlier stream. */
        readonly known: ReadonlyMap<string, string>;
      };
}

/** What a request said of an answer: `stale` is about one that is not the last. */
export type Verdict = "none" | "accepted" | "refused" | "stale";

/**
 * The state of one ADS stream: which answer may go out next. Pure, with no queue: an answer is made when there is
 * room for it, from whatever snapshot is the target then, and one at a time is under way for each type.
 *
 * Make before break: clusters and their endpoints go before listeners and routes that name them, and clusters that
 * routes in force still name stay until the client has taken routes without them. Clusters that a client refused hold
 * listeners and routes back; what it has accepted stays in force.
 */
export class AdsStream {
  readonly #variant: AdsVariant;
  readonly #subscriptions = new Map<ResourceType, Subscription>();
  /** By type, what resources that were sent refer to: who has them asks for it, whatever the target is by then. */
  readonly #promised = new Map<ResourceType, ReadonlyMap<string, XdsResource>>();
  /** Endpoints that new or changed clusters wait for, of which the client has not spoken yet. */
  readonly #awaited = new Set<string>();
  #target: Snapshot = EMPTY_SNAPSHOT;
  #nonce = 0;

  constructor(variant: AdsVariant) {
    this.#variant = variant;
  }

  get target(): Snapshot {
    return this.#target;
  }

  setTarget(snapshot: Snapshot): void {
    this.#target = snapshot;
  }

  subscription(type: ResourceType): Subscription | undefined {
    return this.#subscriptions.get(type);
  }

  /** @throws AppError `resource_exhausted` for more names than are served to one client. */
  request({ type, nonce, refusal, names }: AdsRequest): Verdict {
    const known = this.#subscriptions.get(type);
    const subscription = known ?? new Subscription(type);
    this.#subscriptions.set(type, subscription);
    const stale = known !== undefined && nonce !== "" && nonce !== known.lastNonce;
    if ("all" in names) {
      // The client will ask again when it has seen the answer that crossed this request.
      if (stale) return "stale";
      const verdict = this.#settle(subscription, nonce, refusal);
      subscription.replace(names.all);
      return verdict;
    }
    const verdict = stale ? "stale" : this.#settle(subscription, nonce, refusal);
    subscription.change(names.more, names.less);
    if (known === undefined) this.#recall(subscription, names.known);
    return verdict;
  }

  /** The next answer, or `null` when nothing is due or may go before the client has said more. */
  next(): Offer | null {
    for (const type of RESOURCE_TYPES) {
      const subscription = this.#subscriptions.get(type);
      if (!subscription || subscription.pending !== null) continue;
      const desired = this.#desired(subscription);
      const changed = [...desired.values()].filter(
        ({ name, version, body }) => subscription.sent.get(name) !== version && body !== UNKNOWN,
      );
      const removed = this.#removed(subscription, desired);
      if (this.#isRefused(subscription, desired)) continue;
      if (!this.#isDue(subscription, desired, changed, removed)) continue;
      if (this.#mayGo(type)) return this.#offer(subscription, desired, changed, removed);
    }
    return null;
  }

  /** What the client should have: the target's, and what its own resources in force still name. */
  #desired({ type, wildcard, names, accepted, pending }: Subscription): ReadonlyMap<string, XdsResource> {
    const target = this.#target.resources[type];
    const desired = new Map<string, XdsResource>();
    if (wildcard) for (const [name, resource] of target) desired.set(name, resource);
    for (const name of names) {
      const resource = target.get(name);
      if (resource) desired.set(name, resource);
    }
    const referrer = REFERRERS[type];
    for (const { refers } of referrer === undefined ? [] : this.#inForce(referrer))
      for (const name of refers) {
        const kept = pending?.content.get(name) ?? accepted.get(name) ?? this.#promised.get(type)?.get(name);
        if (kept && !desired.has(name) && (wildcard || names.has(name))) desired.set(name, kept);
      }
    return desired;
  }

  #inForce(type: ResourceType): readonly XdsResource[] {
    const subscription = this.#subscriptions.get(type);
    if (!subscription) return [];
    const { accepted, pending, refused } = subscription;
    return [accepted, pending?.content, refused?.content].flatMap((content) => [
      ...(content?.values() ?? []),
    ]);
  }

  #removed(
    { sent, names, type }: Subscription,
    desired: ReadonlyMap<string, XdsResource>,
  ): readonly string[] {
    const gone = [...sent].filter(([name, version]) => version !== null && !desired.has(name));
    if (this.#variant === "state_of_the_world") return isWholeType(type) ? gone.map(([name]) => name) : [];
    const never = [...names].filter((name) => !desired.has(name) && !sent.has(name));
    return [...gone.map(([name]) => name), ...never];
  }

  /** In delta a client that has refused is told again what it refused, but not the same. */
  #isRefused({ refused, asked }: Subscription, desired: ReadonlyMap<string, XdsResource>): boolean {
    return (
      this.#variant === "delta" && refused !== null && !asked && refused.version === contentVersion(desired)
    );
  }

  #isDue(
    { type, asked }: Subscription,
    desired: ReadonlyMap<string, XdsResource>,
    changed: readonly XdsResource[],
    removed: readonly string[],
  ): boolean {
    if (changed.length > 0 || removed.length > 0) return true;
    // Nothing to say of endpoints and routes that are not there: they may come, and silence takes nothing away.
    return asked && (isWholeType(type) || (this.#variant === "state_of_the_world" && desired.size > 0));
  }

  #mayGo(type: ResourceType): boolean {
    const waits = (other: ResourceType) => (this.#subscriptions.get(other)?.pending ?? null) !== null;
    switch (type) {
      case "cluster":
      // Whoever has a cluster asks for its endpoints, and Envoy answers for clusters only once it has these, too.
      case "endpoints":
        return true;
      case "listener":
        return this.#clustersAreReady() && !waits("endpoints");
      case "route":
        return this.#clustersAreReady() && !waits("endpoints") && !waits("listener");
    }
  }

  /** Whether the client has taken every cluster and, where it wants them all, their endpoints. Who asks for clusters by
   *  name (gRPC clients) learns the names from routes, which therefore must not wait for them. */
  #clustersAreReady(): boolean {
    const clusters = this.#subscriptions.get("cluster");
    if (!clusters) return true;
    const desired = this.#desired(clusters);
    const { accepted, pending, wildcard } = clusters;
    if (pending !== null || accepted.size !== desired.size) return false;
    for (const { name, version } of desired.values())
      if (accepted.get(name)?.version !== version) return false;
    if (!wildcard) return true;
    const there = this.#subscriptions.get("endpoints")?.accepted;
    return [...desired.values()].every(({ refers }) =>
      refers.every((name) => there?.has(name) || !this.#target.resources.endpoints.has(name)),
    );
  }

  #offer(
    subscription: Subscription,
    desired: ReadonlyMap<string, XdsResource>,
    changed: readonly XdsResource[],
    removed: readonly string[],
  ): Offer {
    const { type, sent } = subscription;
    const nonce = String(++this.#nonce);
    const delta = this.#variant === "delta";
    // Leaving a resource out takes it away only where an answer says everything.
    const content = new Map(delta || !isWholeType(type) ? subscription.accepted : []);
    for (const name of removed) {
      content.delete(name);
      if (delta) sent.set(name, null);
      else sent.delete(name);
    }
    for (const resource of delta ? changed : desired.values()) {
      content.set(resource.name, resource);
      sent.set(resource.name, resource.version);
    }
    if (type === "cluster") this.#endpointsAgain(subscription.accepted, content);
    this.#promise(type, content);
    const version = contentVersion(desired);
    const resources = delta ? changed : [...desired.values()];
    subscription.pending = {
      nonce,
      content,
      version,
      names: [...resources.map(({ name }) => name), ...removed],
    };
    subscription.lastNonce = nonce;
    subscription.asked = false;
    return { type, nonce, version, resources, removed: delta ? removed : [] };
  }

  /** A client that comes back need not be sent what it has in the version that is wanted. */
  #recall(subscription: Subscription, known: ReadonlyMap<string, string>): void {
    const accepted = new Map(subscription.accepted);
    for (const [name, version] of known) {
      if (!subscription.wants(name)) continue;
      if (subscription.type !== "endpoints" || !this.#awaited.has(name)) subscription.sent.set(name, version);
      const resource = this.#target.resources[subscription.type].get(name);
      const same = resource?.version === version;
      accepted.set(name, same ? resource : { name, version, body: UNKNOWN, refers: [] });
    }
    subscription.accepted = accepted;
  }

  #promise(type: ResourceType, content: ReadonlyMap<string, XdsResource>): void {
    const referred = RESOURCE_TYPES.find((other) => REFERRERS[other] === type);
    if (referred === undefined) return;
    const before = this.#promised.get(referred);
    const promised = new Map<string, XdsResource>();
    for (const { refers } of content.values())
      for (const name of refers) {
        const resource = this.#target.resources[referred].get(name) ?? before?.get(name);
        if (resource) promised.set(name, resource);
      }
    this.#promised.set(referred, promised);
  }

  /** A cluster that has changed is warmed anew, and waits for its endpoints although they are the same (xDS protocol,
   *  "Resource warming"). */
  #endpointsAgain(before: ReadonlyMap<string, XdsResource>, after: ReadonlyMap<string, XdsResource>): void {
    const endpoints = this.#subscriptions.get("endpoints");
    for (const { name, version, refers } of after.values())
      if (before.get(name)?.version !== version)
        for (const wanted of refers) {
          endpoints?.sent.delete(wanted);
          if (!endpoints) this.#awaited.add(wanted);
        }
  }

  #settle(subscription: Subscription, nonce: string, refusal: string | null): Verdict {
    const { pending } = subscription;
    if (pending === null || nonce !== pending.nonce) return "none";
    if (refusal !== null) {
      subscription.refuse(this.#variant);
      return "refused";
    }
    subscription.pending = null;
    subscription.refused = null;
    subscription.accepted = pending.content;
    return "accepted";
  }
}

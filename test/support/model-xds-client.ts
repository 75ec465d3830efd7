import { AdsStream, type Offer } from "../../server/xds/ads-stream.ts";
import { isWholeType, RESOURCE_TYPES, type ResourceType } from "../../server/xds/resource-type.ts";
import type { Snapshot, XdsResource } from "../../server/xds/snapshot.ts";
import type { AdsVariant } from "../../server/xds/subscription.ts";

type Request = Parameters<AdsStream["request"]>[0];

/**
 * A client as Envoy is one, on a line on which messages take their time: it wants all clusters and listeners, the
 * endpoints that its clusters name and the routes that its listeners name. Each step checks what must always hold.
 */
export class ModelXdsClient {
  stream: AdsStream;
  readonly offers: Offer[] = [];
  readonly #variant: AdsVariant;
  readonly #toServer: Request[] = [];
  readonly #toClient: Offer[] = [];
  readonly #has = new Map<ResourceType, Map<string, XdsResource>>();
  readonly #names = new Map<ResourceType, Set<string>>();
  /** Versions of the clusters it has, and endpoints that some of them wait for. */
  readonly #warm = new Map<string, string>();
  readonly #cold = new Set<string>();
  #answersForClusters = false;
  #hasRefused = false;
  /** Where a line breaks in the middle of a change, what follows is sent in order, but not kept from before. */
  #checked = true;
  readonly #nonces = new Map<ResourceType, string>();

  constructor(variant: AdsVariant) {
    this.#variant = variant;
    this.stream = new AdsStream(variant);
    for (const type of RESOURCE_TYPES) {
      this.#has.set(type, new Map());
      this.#names.set(type, new Set());
    }
    this.#ask("cluster");
    this.#ask("listener");
  }

  /** The line breaks, and the client comes back to a server that knows nothing of it. */
  reconnect(): void {
    this.stream = new AdsStream(this.#variant);
    for (const line of [this.#toServer, this.#toClient, this.offers]) line.length = 0;
    this.#nonces.clear();
    this.#cold.clear();
    this.#answersForClusters = false;
    this.#checked = false;
    for (const type of RESOURCE_TYPES) this.#ask(type, new Set(), this.#has.get(type)!);
  }

  /** The server sends what it may. */
  serve(): void {
    for (let offer = this.stream.next(); offer !== null; offer = this.stream.next()) {
      this.offers.push(offer);
      this.#toClient.push(offer);
    }
  }

  /** The oldest request arrives. */
  arrive(): boolean {
    const request = this.#toServer.shift();
    if (request) this.stream.request(request);
    return request !== undefined;
  }

  /** The oldest answer arrives at the client, which may refuse it: all of it, or after it has taken every other
   *  resource and let go what was to go, as Envoy does. */
  take(refuse: false | "wholly" | "partly"): boolean {
    const offer = this.#toClient.shift();
    if (!offer) return false;
    this.#nonces.set(offer.type, offer.nonce);
    if (refuse) {
      this.#hasRefused ||= offer.type !== "route" && offer.type !== "listener";
      if (refuse === "partly") this.#applyPartly(offer);
      this.#send(offer.type, "does not please");
      if (refuse === "partly") this.#follow();
      return true;
    }
    this.#apply(offer);
    // As Envoy does: it says nothing of clusters while one that is new or another waits for its endpoints.
    if (offer.type !== "cluster") this.#send(offer.type, null);
    if (this.#answersForClusters && this.#cold.size === 0) {
      this.#answersForClusters = false;
      this.#send("cluster", null);
    }
    this.#follow();
    return true;
  }

  /** Everything that is under way arrives, and is accepted. */
  settle(): void {
    let moved = true;
    while (moved) {
      this.serve();
      moved = this.take(false) || this.arrive() || this.#waitNoLonger();
    }
  }

  /** @throws Error where the client has anything but what the snapshot says. */
  expect(snapshot: Snapshot): void {
    for (const type of RESOURCE_TYPES) {
      const wanted = [...snapshot.resources[type].values()]
        .filter(({ name }) => isWholeType(type) || this.#names.get(type)!.has(name))
        .map(({ name, version }) => `${name}@${version}`);
      const has = [...this.#has.get(type)!.values()].map(({ name, version }) => `${name}@${version}`);
      if (wanted.sort().join() !== has.sort().join())
        throw new Error(
          `${type}: has ${has.join(" ") || "nothing"}, wanted ${wanted.join(" ") || "nothing"}`,
        );
    }
  }

  /** After 15 s Envoy does without endpoints (`initial_fetch_timeout`): right where it has refused them itself.
   *  @throws Error where the server let it wait. */
  #waitNoLonger(): boolean {
    if (!this.#answersForClusters) return false;
    if (!this.#hasRefused) throw new Error(`waits for ${[...this.#cold].join()}`);
    this.#cold.clear();
    this.#answersForClusters = false;
    this.#send("cluster", null);
    return true;
  }

  #apply({ type, resources, removed }: Offer): void {
    const has = this.#has.get(type)!;
    if (this.#variant === "state_of_the_world" && isWholeType(type)) has.clear();
    for (const name of removed) has.delete(name);
    for (const resource of resources) {
      if (!isWholeType(type) && !this.#names.get(type)!.has(resource.name)) continue;
      if (type === "endpoints") this.#cold.delete(resource.name);
      if (type === "cluster" && this.#warm.get(resource.name) !== resource.version)
        for (const name of resource.refers) this.#cold.add(name);
      has.set(resource.name, resource);
    }
    if (type !== "cluster") return;
    this.#answersForClusters = true;
    this.#warm.clear();
    for (const { name, version } of has.values()) this.#warm.set(name, version);
    const wanted = new Set([...has.values()].flatMap(({ refers }) => refers));
    for (const name of this.#cold) if (!wanted.has(name)) this.#cold.delete(name);
  }

  #applyPartly({ type, resources, removed }: Offer): void {
    const has = this.#has.get(type)!;
    for (const name of removed) has.delete(name);
    for (const [at, resource] of resources.entries())
      if (at % 2 === 0 && (isWholeType(type) || this.#names.get(type)!.has(resource.name)))
        has.set(resource.name, resource);
  }

  #follow(): void {
    this.#followNames("cluster", "endpoints");
    this.#followNames("listener", "route");
    this.#check();
  }

  #followNames(from: ResourceType, to: ResourceType): void {
    const wanted = new Set([...this.#has.get(from)!.values()].flatMap(({ refers }) => refers));
    const before = this.#names.get(to)!;
    if (wanted.size === before.size && [...wanted].every((name) => before.has(name))) return;
    this.#names.set(to, wanted);
    for (const name of this.#has.get(to)!.keys()) if (!wanted.has(name)) this.#has.get(to)!.delete(name);
    this.#ask(to, before);
  }

  #ask(
    type: ResourceType,
    before: ReadonlySet<string> = new Set(),
    has: ReadonlyMap<string, XdsResource> = new Map(),
  ): void {
    if (this.#variant === "state_of_the_world") {
      this.#send(type, null);
      return;
    }
    const now = this.#names.get(type)!;
    const names = {
      more: [...now].filter((name) => !before.has(name)),
      less: [...before].filter((name) => !now.has(name)),
      known: new Map([...has.values()].map(({ name, version }) => [name, version])),
    };
    this.#toServer.push({ type, nonce: "", refusal: null, names });
  }

  #send(type: ResourceType, refusal: string | null): void {
    const nonce = this.#nonces.get(type) ?? "";
    const names =
      this.#variant === "delta"
        ? { more: [], less: [], known: new Map() }
        : { all: [...this.#names.get(type)!] };
    this.#toServer.push({ type, nonce, refusal, names });
  }

  /** @throws Error where a route in force names what is not there, or nonces do not grow. */
  #check(): void {
    if (!this.#checked) return;
    for (const { name, refers } of this.#has.get("route")!.values())
      for (const wanted of refers) {
        const cluster = this.#has.get("cluster")!.get(wanted);
        if (!cluster) throw new Error(`the route ${name} names the cluster ${wanted}, which is not there`);
        for (const endpoints of cluster.refers)
          if (!this.#has.get("endpoints")!.has(endpoints))
            throw new Error(`the route ${name} names the cluster ${wanted}, which has no endpoints`);
      }
    const nonces = this.offers.map(({ nonce }) => Number(nonce));
    if (nonces.some((nonce, at) => at > 0 && nonce <= nonces[at - 1]!)) throw new Error("nonces do not grow");
  }
}

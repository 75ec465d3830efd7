/** What is served, in the order in which it has to arrive: what is referred to before what refers to it. */
export const RESOURCE_TYPES = ["cluster", "endpoints", "listener", "route"] as const;
export type ResourceType = (typeof RESOURCE_TYPES)[number];

export const TYPE_URLS: Readonly<Record<ResourceType, string>> = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  route: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
};

/** Whose resources name those of a type: routes name clusters, clusters endpoints, listeners routes. */
export const REFERRERS: Readonly<Partial<Record<ResourceType, ResourceType>>> = {
  cluster: "route",
  endpoints: "cluster",
  route: "listener",
};

/** Types of which a client may want all there are, and of which an answer that leaves one out takes it away (xDS
 *  protocol, "How the client specifies what resources to return" and "Deleting resources"). */
export function isWholeType(type: ResourceType): boolean {
  return type === "cluster" || type === "listener";
}

/** `undefined`: a type that is not served here. */
export function resourceTypeOf(typeUrl: string): ResourceType | undefined {
  return RESOURCE_TYPES.find((type) => TYPE_URLS[type] === typeUrl);
}

import type { DescMessage, DescService, MessageShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ClusterSchema } from "../gen/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "../gen/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "../gen/envoy/config/listener/v3/listener_pb.ts";
import { RouteConfigurationSchema } from "../gen/envoy/config/route/v3/route_pb.ts";
import { createSnapshot, type Snapshot, type SnapshotPart } from "../snapshot.ts";
import { cluster, hasAddresses, loadAssignment } from "./clusters.ts";
import type { EdgeConfig } from "./edge-config.ts";
import type { TokenKeys } from "./http-filters.ts";
import { edgeListener } from "./listener.ts";
import { offeredServices } from "./method-routes.ts";
import { GRPC_LISTENER, grpcCluster, grpcListener, grpcRoutes } from "./proxyless.ts";
import { edgeRoutes, routedClusters } from "./routes.ts";

/** Proxies, and gRPC clients that go without one: two readings of one configuration. */
export type NodeGroup = "envoy" | "grpc";

const EDGE_ROUTES = "platemark-edge-routes";
const GRPC_ROUTES = "platemark-grpc-routes";

/** gRPC's libraries name themselves so; everything else is taken for a proxy. */
export function nodeGroupOf({ agent }: { readonly agent: string }): NodeGroup {
  return /^grpc/i.test(agent) ? "grpc" : "envoy";
}

/** What each group of nodes is to have. Pure. @throws AppError `config.invalid`. */
export function edgeSnapshots(
  services: readonly DescService[],
  config: EdgeConfig,
  keys: TokenKeys | null,
): ReadonlyMap<NodeGroup, Snapshot> {
  const { releases } = config;
  const offered = offeredServices(services, config.withhold);
  const refersTo = (release: EdgeConfig["releases"][number]) => (hasAddresses(release) ? [release.name] : []);
  const endpoints = releases
    .filter(hasAddresses)
    .map((release) => part(ClusterLoadAssignmentSchema, loadAssignment(release, release.name), release.name));
  const envoy = createSnapshot({
    cluster: releases.flatMap((release) =>
      (["http2", "http1"] as const).map((protocol) => {
        const message = cluster(release, protocol, config, "ads");
        return part(ClusterSchema, message, message.name, refersTo(release));
      }),
    ),
    endpoints,
    listener: [
      part(ListenerSchema, ...named(edgeListener(offered, config, keys, { named: EDGE_ROUTES })), [
        EDGE_ROUTES,
      ]),
    ],
    route: [
      part(
        RouteConfigurationSchema,
        ...named(edgeRoutes(EDGE_ROUTES, offered, config)),
        routedClusters(config),
      ),
    ],
  });
  const grpc = createSnapshot({
    cluster: releases.map((release) =>
      part(ClusterSchema, grpcCluster(release), release.name, refersTo(release)),
    ),
    endpoints,
    listener: [part(ListenerSchema, grpcListener(GRPC_ROUTES), GRPC_LISTENER, [GRPC_ROUTES])],
    route: [
      part(
        RouteConfigurationSchema,
        ...named(grpcRoutes(GRPC_ROUTES, services, config)),
        releases.filter(({ weight }) => weight > 0).map(({ name }) => name),
      ),
    ],
  });
  return new Map([
    ["envoy", envoy],
    ["grpc", grpc],
  ]);
}

function named<M extends { readonly name: string }>(message: M): [M, string] {
  return [message, message.name];
}

function part<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  name: string,
  refers: readonly string[] = [],
): SnapshotPart {
  return { name, body: anyPack(schema, message), refers };
}

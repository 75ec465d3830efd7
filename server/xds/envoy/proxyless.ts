import { create, type DescService } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  type Cluster,
  Cluster_DiscoveryType,
  ClusterSchema,
} from "../gen/envoy/config/cluster/v3/cluster_pb.ts";
import { type Listener, ListenerSchema } from "../gen/envoy/config/listener/v3/listener_pb.ts";
import { type RouteConfiguration, RouteConfigurationSchema } from "../gen/envoy/config/route/v3/route_pb.ts";
import { RouterSchema } from "../gen/envoy/extensions/filters/http/router/v3/router_pb.ts";
import { HttpConnectionManagerSchema } from "../gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { FROM_ADS, hasAddresses, loadAssignment } from "./clusters.ts";
import { duration } from "./durations.ts";
import type { EdgeConfig, Release } from "./edge-config.ts";
import { filter } from "./http-filters.ts";
import { methodRoutes } from "./method-routes.ts";
import { type RouteInit, split } from "./routes.ts";

/** gRPC clients ask for it: `xds:///platemark`. */
export const GRPC_LISTENER = "platemark";

/** What a gRPC client finds its routes by (gRFC A27: a listener without an address). */
export function grpcListener(routes: string): Listener {
  const manager = create(HttpConnectionManagerSchema, {
    routeSpecifier: { case: "rds", value: { configSource: FROM_ADS, routeConfigName: routes } },
    httpFilters: [filter("envoy.filters.http.router", RouterSchema, create(RouterSchema))],
  });
  return create(ListenerSchema, {
    name: GRPC_LISTENER,
    apiListener: { apiListener: anyPack(HttpConnectionManagerSchema, manager) },
  });
}

/** The same routes as an Envoy has, in the part of the API that gRPC's libraries read. */
export function grpcRoutes(
  name: string,
  services: readonly DescService[],
  config: EdgeConfig,
): RouteConfiguration {
  const methods = methodRoutes(services).map(
    ({ path, timeoutMs, repeatable }): RouteInit => ({
      match: { pathSpecifier: { case: "path", value: path } },
      action: {
        case: "route",
        value: {
          ...split(config, "http2"),
          ...(timeoutMs !== null && { maxStreamDuration: { maxStreamDuration: duration(timeoutMs) } }),
          ...(repeatable && {
            retryPolicy: {
              retryOn: "unavailable",
              numRetries: 2,
              retryBackOff: { baseInterval: duration(50), maxInterval: duration(1_000) },
            },
          }),
        },
      },
    }),
  );
  // Health and reflection of gRPC itself, which no descriptor of ours names.
  const rest: RouteInit = {
    match: { pathSpecifier: { case: "prefix", value: "" } },
    action: { case: "route", value: split(config, "http2") },
  };
  return create(RouteConfigurationSchema, {
    name,
    virtualHosts: [{ name: "platemark", domains: ["*"], routes: [...methods, rest] }],
  });
}

export function grpcCluster(release: Release): Cluster {
  return create(ClusterSchema, {
    name: release.name,
    ...(hasAddresses(release)
      ? {
          clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
          edsClusterConfig: { edsConfig: FROM_ADS, serviceName: release.name },
        }
      : {
          clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.LOGICAL_DNS },
          loadAssignment: loadAssignment(release, release.name),
        }),
  });
}

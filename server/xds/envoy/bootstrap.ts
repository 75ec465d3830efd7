import { create, createRegistry, type DescService, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  type Bootstrap,
  type Bootstrap_DynamicResources,
  Bootstrap_DynamicResourcesSchema,
  Bootstrap_StaticResourcesSchema,
  BootstrapSchema,
} from "../gen/envoy/config/bootstrap/v3/bootstrap_pb.ts";
import {
  type Cluster,
  Cluster_DiscoveryType,
  ClusterSchema,
} from "../gen/envoy/config/cluster/v3/cluster_pb.ts";
import { ApiConfigSource_ApiType, ApiVersion } from "../gen/envoy/config/core/v3/config_source_pb.ts";
import { CorsPolicySchema, CorsSchema } from "../gen/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import { GrpcWebSchema } from "../gen/envoy/extensions/filters/http/grpc_web/v3/grpc_web_pb.ts";
import { HeaderMutationSchema } from "../gen/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.ts";
import { JwtAuthenticationSchema } from "../gen/envoy/extensions/filters/http/jwt_authn/v3/config_pb.ts";
import { LocalRateLimitSchema } from "../gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.ts";
import { RouterSchema } from "../gen/envoy/extensions/filters/http/router/v3/router_pb.ts";
import { HttpConnectionManagerSchema } from "../gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { UuidRequestIdConfigSchema } from "../gen/envoy/extensions/request_id/uuid/v3/uuid_pb.ts";
import { DownstreamConnectionsConfigSchema } from "../gen/envoy/extensions/resource_monitors/downstream_connections/v3/downstream_connections_pb.ts";
import { PreviousHostsPredicateSchema } from "../gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import { DownstreamTlsContextSchema } from "../gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { HttpProtocolOptionsSchema } from "../gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { endpointAt, socketAddress } from "./addresses.ts";
import { cluster, FROM_ADS } from "./clusters.ts";
import { duration } from "./durations.ts";
import type { EdgeConfig } from "./edge-config.ts";
import type { TokenKeys } from "./http-filters.ts";
import { edgeListener } from "./listener.ts";
import { offeredServices } from "./method-routes.ts";
import { edgeRoutes } from "./routes.ts";

export interface BootstrapOptions {
  /** How this Envoy is known to the control plane. */
  readonly nodeId: string;
  /** Of Envoy's own pages, on this computer alone; 0: none. */
  readonly adminPort: number;
}

export interface AdsAddress {
  readonly host: string;
  readonly port: number;
  readonly variant: "state_of_the_world" | "delta";
}

/** Without a limit whoever opens connections takes all of Envoy's memory. */
const MOST_CONNECTIONS = 50_000n;
const ADS_CLUSTER = "platemark-xds";
const ANYS = createRegistry(
  CorsPolicySchema,
  CorsSchema,
  DownstreamConnectionsConfigSchema,
  DownstreamTlsContextSchema,
  GrpcWebSchema,
  HeaderMutationSchema,
  HttpConnectionManagerSchema,
  HttpProtocolOptionsSchema,
  JwtAuthenticationSchema,
  LocalRateLimitSchema,
  PreviousHostsPredicateSchema,
  RouterSchema,
  UuidRequestIdConfigSchema,
);

/** The little that an Envoy must be started with to have all the rest over ADS. */
export function adsBootstrap(options: BootstrapOptions, ads: AdsAddress): Bootstrap {
  return create(BootstrapSchema, {
    ...base(options),
    staticResources: create(Bootstrap_StaticResourcesSchema, { clusters: [adsCluster(ads)] }),
    dynamicResources: dynamicResources(ads.variant),
  });
}

/** Everything in one file, for those who roll configuration out themselves: the same as over ADS. */
export function staticBootstrap(
  options: BootstrapOptions,
  services: readonly DescService[],
  config: EdgeConfig,
  keys: TokenKeys | null,
): Bootstrap {
  const offered = offeredServices(services, config.withhold);
  const routes = { inline: edgeRoutes("platemark-edge-routes", offered, config) };
  return create(BootstrapSchema, {
    ...base(options),
    staticResources: create(Bootstrap_StaticResourcesSchema, {
      listeners: [edgeListener(offered, config, keys, routes)],
      clusters: config.releases.flatMap((release) =>
        (["http2", "http1"] as const).map((protocol) => cluster(release, protocol, config, "here")),
      ),
    }),
  });
}

/** As Envoy reads it: JSON with the proto files' own names. */
export function bootstrapJson(bootstrap: Bootstrap): string {
  return JSON.stringify(
    toJson(BootstrapSchema, bootstrap, { registry: ANYS, useProtoFieldName: true }),
    null,
    2,
  );
}

function base({ nodeId, adminPort }: BootstrapOptions): MessageInitShape<typeof BootstrapSchema> {
  return {
    node: { id: nodeId, cluster: "platemark" },
    overloadManager: {
      resourceMonitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          configType: {
            case: "typedConfig",
            value: anyPack(
              DownstreamConnectionsConfigSchema,
              create(DownstreamConnectionsConfigSchema, { maxActiveDownstreamConnections: MOST_CONNECTIONS }),
            ),
          },
        },
      ],
    },
    ...(adminPort > 0 && { admin: { address: socketAddress("127.0.0.1", adminPort) } }),
  };
}

function dynamicResources(variant: AdsAddress["variant"]): Bootstrap_DynamicResources {
  const { GRPC, DELTA_GRPC } = ApiConfigSource_ApiType;
  return create(Bootstrap_DynamicResourcesSchema, {
    ldsConfig: FROM_ADS,
    cdsConfig: FROM_ADS,
    adsConfig: {
      apiType: variant === "delta" ? DELTA_GRPC : GRPC,
      transportApiVersion: ApiVersion.V3,
      setNodeOnFirstMessageOnly: true,
      grpcServices: [{ targetSpecifier: { case: "envoyGrpc", value: { clusterName: ADS_CLUSTER } } }],
    },
  });
}

function adsCluster({ host, port }: AdsAddress): Cluster {
  const http2 = create(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: {
      case: "explicitHttpConfig",
      value: {
        protocolConfig: {
          case: "http2ProtocolOptions",
          value: { connectionKeepalive: { interval: duration(30_000), timeout: duration(5_000) } },
        },
      },
    },
  });
  return create(ClusterSchema, {
    name: ADS_CLUSTER,
    connectTimeout: duration(2_000),
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STRICT_DNS },
    loadAssignment: { clusterName: ADS_CLUSTER, endpoints: [{ lbEndpoints: [endpointAt(host, port)] }] },
    typedExtensionProtocolOptions: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": anyPack(HttpProtocolOptionsSchema, http2),
    },
  });
}

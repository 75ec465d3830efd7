import { isIP } from "node:net";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  ClusterSchema,
} from "../gen/envoy/config/cluster/v3/cluster_pb.ts";
import type { ConfigSourceSchema } from "../gen/envoy/config/core/v3/config_source_pb.ts";
import { ApiVersion } from "../gen/envoy/config/core/v3/config_source_pb.ts";
import type { HealthCheckSchema } from "../gen/envoy/config/core/v3/health_check_pb.ts";
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from "../gen/envoy/config/endpoint/v3/endpoint_pb.ts";
import { HttpProtocolOptionsSchema } from "../gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { CodecClientType } from "../gen/envoy/type/v3/http_pb.ts";
import { endpointAt } from "./addresses.ts";
import { duration } from "./durations.ts";
import type { EdgeConfig, Release } from "./edge-config.ts";

/** Everything of ours comes over the one stream. */
export const FROM_ADS: MessageInitShape<typeof ConfigSourceSchema> = {
  configSourceSpecifier: { case: "ads", value: {} },
  resourceApiVersion: ApiVersion.V3,
};

const CONNECT_TIMEOUT_MS = 2_000;
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const MOST_REQUESTS = 10_000;

/** Over HTTP/2: all calls. Over HTTP/1.1: websockets, which our servers take by its `Upgrade` alone. */
export type UpstreamProtocol = "http2" | "http1";

export function clusterName(release: Release, protocol: UpstreamProtocol): string {
  return protocol === "http2" ? release.name : `${release.name}-upgrade`;
}

/** Whether its endpoints come over EDS, and not by DNS. */
export function hasAddresses({ endpoints }: Release): boolean {
  return endpoints.every(({ host }) => isIP(host) !== 0);
}

/** @param from `ads`: endpoints over EDS where they are addresses; `here`: in the cluster itself. */
export function cluster(
  release: Release,
  protocol: UpstreamProtocol,
  config: EdgeConfig,
  from: "ads" | "here",
): Cluster {
  const name = clusterName(release, protocol);
  const addresses = hasAddresses(release);
  const check = healthCheck(config.healthCheck, protocol);
  return create(ClusterSchema, {
    name,
    connectTimeout: duration(CONNECT_TIMEOUT_MS),
    ...(addresses && from === "ads"
      ? {
          clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
          edsClusterConfig: { edsConfig: FROM_ADS, serviceName: release.name },
        }
      : {
          clusterDiscoveryType: {
            case: "type",
            value: addresses ? Cluster_DiscoveryType.STATIC : Cluster_DiscoveryType.STRICT_DNS,
          },
          dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
          loadAssignment: loadAssignment(release, name),
        }),
    typedExtensionProtocolOptions: {
      [HTTP_OPTIONS]: anyPack(HttpProtocolOptionsSchema, protocolOptions(protocol)),
    },
    healthChecks: check === null ? [] : [check],
    outlierDetection: {
      consecutive5xx: 5,
      consecutiveGatewayFailure: 3,
      interval: duration(5_000),
      baseEjectionTime: duration(15_000),
      maxEjectionPercent: 50,
    },
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: 1_024,
          maxPendingRequests: 1_024,
          maxRequests: MOST_REQUESTS,
          retryBudget: { budgetPercent: { value: 20 }, minRetryConcurrency: 3 },
          trackRemaining: true,
        },
      ],
    },
    // Endpoints that were taken away serve nobody, healthy or not.
    ignoreHealthOnHostRemoval: true,
  });
}

/** The endpoints of one release, with their shares. */
export function loadAssignment(release: Release, clusterName: string): ClusterLoadAssignment {
  return create(ClusterLoadAssignmentSchema, {
    clusterName,
    endpoints: [
      {
        // gRPC clients pass over localities without a name or a weight.
        locality: { region: "default", zone: "default" },
        loadBalancingWeight: 1,
        lbEndpoints: release.endpoints.map(({ host, port, weight }) => endpointAt(host, port, weight)),
      },
    ],
  });
}

function protocolOptions(protocol: UpstreamProtocol) {
  return create(HttpProtocolOptionsSchema, {
    commonHttpProtocolOptions: { idleTimeout: duration(60_000) },
    upstreamProtocolOptions: {
      case: "explicitHttpConfig",
      value: {
        protocolConfig:
          protocol === "http2"
            ? {
                case: "http2ProtocolOptions",
                value: { connectionKeepalive: { interval: duration(30_000), timeout: duration(5_000) } },
              }
            : { case: "httpProtocolOptions", value: {} },
      },
    },
  });
}

/** gRPC's check needs HTTP/2; what is reached over HTTP/1.1 is asked by HTTP. */
function healthCheck(
  kind: EdgeConfig["healthCheck"],
  protocol: UpstreamProtocol,
): MessageInitShape<typeof HealthCheckSchema> | null {
  if (kind === "none") return null;
  const grpc = kind === "grpc" && protocol === "http2";
  return {
    timeout: duration(1_000),
    interval: duration(2_000),
    noTrafficInterval: duration(5_000),
    unhealthyThreshold: 2,
    healthyThreshold: 1,
    healthChecker: grpc
      ? { case: "grpcHealthCheck", value: {} }
      : {
          case: "httpHealthCheck",
          value: {
            path: "/readyz",
            codecClientType: protocol === "http2" ? CodecClientType.HTTP2 : CodecClientType.HTTP1,
          },
        },
  };
}

import { create, type DescService, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { EXPOSED_HEADERS, MAX_AGE_SECONDS, REQUEST_HEADERS } from "../../edge/origins/cors.ts";
import { stringMatchers } from "../../edge/origins/string-matchers.ts";
import {
  type RetryPolicySchema,
  type RouteActionSchema,
  type RouteMatchSchema,
  type RouteSchema,
  VirtualHostSchema,
} from "../gen/envoy/config/route/v3/route_components_pb.ts";
import { type RouteConfiguration, RouteConfigurationSchema } from "../gen/envoy/config/route/v3/route_pb.ts";
import { CorsPolicySchema } from "../gen/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import { PreviousHostsPredicateSchema } from "../gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import { clusterName, type UpstreamProtocol } from "./clusters.ts";
import { duration } from "./durations.ts";
import type { EdgeConfig } from "./edge-config.ts";
import { CORS_FILTER } from "./http-filters.ts";
import { methodRoutes } from "./method-routes.ts";
import { websocketMatch } from "./websocket-match.ts";

export type RouteInit = MessageInitShape<typeof RouteSchema>;
type ActionInit = MessageInitShape<typeof RouteActionSchema>;

/** What our servers answer besides the methods of their services: the plain JSON forms, and whether they live. */
const PLAIN_PATHS: readonly {
  readonly match: MessageInitShape<typeof RouteMatchSchema>;
  readonly timeoutMs: number;
}[] = [
  { match: { pathSpecifier: { case: "prefix", value: "/api/v1/" } }, timeoutMs: 300_000 },
  { match: { pathSpecifier: { case: "path", value: "/healthz" } }, timeoutMs: 5_000 },
];
/** Streams send heartbeats more often than this; one that is silent for longer is dead. */
const STREAM_IDLE_MS = 300_000;
/** Nothing was sent, or certainly not taken. */
const RETRY_ALWAYS = "connect-failure,refused-stream";
const RETRY_REPEATABLE = `${RETRY_ALWAYS},reset-before-request,unavailable,retriable-status-codes`;

/** The routes of Envoy: one for each method, the plain JSON paths, and nothing else. */
export function edgeRoutes(
  name: string,
  services: readonly DescService[],
  config: EdgeConfig,
): RouteConfiguration {
  const routes = methodRoutes(services).map(
    ({ path, timeoutMs, repeatable }): RouteInit => ({
      name: path,
      match: { pathSpecifier: { case: "path", value: path } },
      action: {
        case: "route",
        value: {
          ...split(config, "http2"),
          timeout: duration(timeoutMs ?? 0),
          ...(timeoutMs === null && { idleTimeout: duration(STREAM_IDLE_MS) }),
          retryPolicy: retryPolicy(repeatable),
        },
      },
    }),
  );
  return create(RouteConfigurationSchema, {
    name,
    virtualHosts: [
      create(VirtualHostSchema, {
        name: "platemark",
        domains: [...config.domains],
        routes: [
          ...services.map((service) => websocketRoute(service, config)),
          ...routes,
          ...plainRoutes(config),
        ],
        typedPerFilterConfig: { [CORS_FILTER]: anyPack(CorsPolicySchema, corsPolicy(config)) },
        includeRequestAttemptCount: true,
      }),
    ],
    // Half a snapshot never reaches a route: clusters are sent first.
    validateClusters: false,
  });
}

/** The names of clusters that requests are shared out to. A release of weight 0 is not among them. */
export function routedClusters(config: EdgeConfig): readonly string[] {
  return shares(config).flatMap((release) => [clusterName(release, "http2"), clusterName(release, "http1")]);
}

/** Requests shared out by the releases' weights. */
export function split(config: EdgeConfig, protocol: UpstreamProtocol): Pick<ActionInit, "clusterSpecifier"> {
  const releases = shares(config);
  const [first] = releases;
  if (first && releases.length === 1)
    return { clusterSpecifier: { case: "cluster", value: clusterName(first, protocol) } };
  return {
    clusterSpecifier: {
      case: "weightedClusters",
      value: {
        clusters: releases.map((release) => ({
          name: clusterName(release, protocol),
          weight: release.weight,
        })),
      },
    },
  };
}

function shares({ releases }: EdgeConfig) {
  return releases.filter(({ weight }) => weight > 0);
}

/** A service's streams over websockets: a GET that asks for an upgrade, which goes on over HTTP/1.1. */
function websocketRoute({ typeName }: DescService, config: EdgeConfig): RouteInit {
  return {
    name: `websockets of ${typeName}`,
    match: websocketMatch(`/${typeName}/`),
    action: {
      case: "route",
      value: { ...split(config, "http1"), timeout: duration(0), idleTimeout: duration(STREAM_IDLE_MS) },
    },
  };
}

function plainRoutes(config: EdgeConfig): RouteInit[] {
  return PLAIN_PATHS.map(({ match, timeoutMs }) => ({
    match,
    action: {
      case: "route",
      value: { ...split(config, "http2"), timeout: duration(timeoutMs), retryPolicy: retryPolicy(false) },
    },
  }));
}

function retryPolicy(repeatable: boolean): MessageInitShape<typeof RetryPolicySchema> {
  return {
    retryOn: repeatable ? RETRY_REPEATABLE : RETRY_ALWAYS,
    numRetries: 2,
    ...(repeatable && { retriableStatusCodes: [503] }),
    retryBackOff: { baseInterval: duration(50), maxInterval: duration(1_000) },
    retryHostPredicate: [
      {
        name: "envoy.retry_host_predicates.previous_hosts",
        configType: {
          case: "typedConfig",
          value: anyPack(PreviousHostsPredicateSchema, create(PreviousHostsPredicateSchema)),
        },
      },
    ],
    hostSelectionRetryMaxAttempts: 3n,
  };
}

/** Origins that Envoy answers for. Those with credentials, and pages without an origin, it cannot tell from others: it
 *  lets their preflights through, and our servers answer. */
function corsPolicy({ origins }: EdgeConfig) {
  const plain = origins.filter(({ credentials, value }) => !credentials && value !== "null");
  return create(CorsPolicySchema, {
    allowOriginStringMatch: stringMatchers(plain).map((matcher) => ({
      matchPattern:
        "exact" in matcher
          ? { case: "exact" as const, value: matcher.exact }
          : // Has to match the whole origin, in a `StringMatcher`.
            { case: "safeRegex" as const, value: { regex: matcher.safeRegex } },
    })),
    allowMethods: "GET, POST",
    allowHeaders: REQUEST_HEADERS,
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: String(MAX_AGE_SECONDS),
    allowPrivateNetworkAccess: true,
    forwardNotMatchingPreflights: true,
  });
}

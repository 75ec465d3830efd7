import { create, type DescService, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { TransportSocketSchema } from "../gen/envoy/config/core/v3/base_pb.ts";
import { type Listener, ListenerSchema } from "../gen/envoy/config/listener/v3/listener_pb.ts";
import type { RouteConfiguration } from "../gen/envoy/config/route/v3/route_pb.ts";
import {
  type HttpConnectionManager,
  HttpConnectionManager_CodecType,
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManagerSchema,
} from "../gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { UuidRequestIdConfigSchema } from "../gen/envoy/extensions/request_id/uuid/v3/uuid_pb.ts";
import { DownstreamTlsContextSchema } from "../gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { socketAddress } from "./addresses.ts";
import { FROM_ADS } from "./clusters.ts";
import { duration } from "./durations.ts";
import type { EdgeConfig } from "./edge-config.ts";
import { httpFilters, type TokenKeys } from "./http-filters.ts";

export const EDGE_LISTENER = "platemark-edge";
const BUFFER_BYTES = 1024 * 1024;
/** How long a client may take to end a connection that Envoy has ended. */
const DELAYED_CLOSE_MS = 50;
const CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager";

/** Where Envoy has its routes from: ADS by their name, or the listener itself. */
export type RouteSource = { readonly named: string } | { readonly inline: RouteConfiguration };

/** The listener that browsers and apps come to: HTTP/1.1 and HTTP/2 on one port. */
export function edgeListener(
  services: readonly DescService[],
  config: EdgeConfig,
  keys: TokenKeys | null,
  routes: RouteSource,
): Listener {
  const { host, port, tls } = config.listen;
  return create(ListenerSchema, {
    name: EDGE_LISTENER,
    address: socketAddress(host, port),
    perConnectionBufferLimitBytes: BUFFER_BYTES,
    filterChains: [
      {
        filters: [
          {
            name: CONNECTION_MANAGER,
            configType: {
              case: "typedConfig",
              value: anyPack(HttpConnectionManagerSchema, connectionManager(services, config, keys, routes)),
            },
          },
        ],
        ...(tls && { transportSocket: tlsSocket(tls) }),
      },
    ],
  });
}

function connectionManager(
  services: readonly DescService[],
  config: EdgeConfig,
  keys: TokenKeys | null,
  routes: RouteSource,
): HttpConnectionManager {
  return create(HttpConnectionManagerSchema, {
    statPrefix: "edge",
    codecType: HttpConnectionManager_CodecType.AUTO,
    routeSpecifier:
      "named" in routes
        ? { case: "rds", value: { configSource: FROM_ADS, routeConfigName: routes.named } }
        : { case: "routeConfig", value: routes.inline },
    httpFilters: httpFilters(services, config, keys),
    upgradeConfigs: [{ upgradeType: "websocket" }],
    commonHttpProtocolOptions: { idleTimeout: duration(3_600_000) },
    http2ProtocolOptions: {
      maxConcurrentStreams: 128,
      initialStreamWindowSize: 256 * 1024,
      initialConnectionWindowSize: BUFFER_BYTES,
      connectionKeepalive: { interval: duration(30_000), timeout: duration(10_000) },
    },
    requestHeadersTimeout: duration(15_000),
    // A browser leaves it to the server to end a websocket's connection, and its page hears of the end only then.
    delayedCloseTimeout: duration(DELAYED_CLOSE_MS),
    // Routes of streams have their own.
    streamIdleTimeout: duration(300_000),
    useRemoteAddress: true,
    xffNumTrustedHops: config.trustedProxies,
    normalizePath: true,
    mergeSlashes: true,
    pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.REJECT_REQUEST,
    // A request keeps its id on the whole way, and every answer names it, Envoy's own as well.
    generateRequestId: true,
    preserveExternalRequestId: true,
    alwaysSetRequestIdInResponse: true,
    requestIdExtension: {
      typedConfig: anyPack(
        UuidRequestIdConfigSchema,
        create(UuidRequestIdConfigSchema, { packTraceReason: false }),
      ),
    },
  });
}

function tlsSocket(
  tls: NonNullable<EdgeConfig["listen"]["tls"]>,
): MessageInitShape<typeof TransportSocketSchema> {
  const file = (path: string) => ({ specifier: { case: "filename" as const, value: path } });
  return {
    name: "envoy.transport_sockets.tls",
    configType: {
      case: "typedConfig",
      value: anyPack(
        DownstreamTlsContextSchema,
        create(DownstreamTlsContextSchema, {
          commonTlsContext: {
            alpnProtocols: ["h2", "http/1.1"],
            tlsCertificates: [{ certificateChain: file(tls.certificate), privateKey: file(tls.key) }],
          },
        }),
      ),
    },
  };
}

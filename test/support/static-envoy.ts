import { freePort, startEnvoy } from "./envoy-process.ts";

export interface StaticEnvoy extends AsyncDisposable {
  readonly port: number;
}

/** A real Envoy in front of one port: HTTP/2 upstream for calls, HTTP/1.1 for websockets. */
export async function startStaticEnvoy(upstreamPort: number): Promise<StaticEnvoy> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const envoy = await startEnvoy(JSON.stringify(bootstrap(upstreamPort, { port, adminPort })), adminPort);
  return { port, [Symbol.asyncDispose]: () => envoy[Symbol.asyncDispose]() };
}

const address = (port_value: number) => ({ socket_address: { address: "127.0.0.1", port_value } });

function bootstrap(
  upstreamPort: number,
  { port, adminPort }: { readonly port: number; readonly adminPort: number },
) {
  const cluster = (name: string, protocol: object) => ({
    name,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(upstreamPort) } }] }],
    },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: protocol,
      },
    },
  });
  const websocket = {
    name: "upgrade",
    string_match: { exact: "websocket", ignore_case: true },
  };
  return {
    admin: { address: address(adminPort) },
    static_resources: {
      listeners: [
        {
          name: "edge",
          address: address(port),
          filter_chains: [
            {
              filters: [
                {
                  name: "envoy.filters.network.http_connection_manager",
                  typed_config: {
                    "@type":
                      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                    stat_prefix: "edge",
                    stream_idle_timeout: "0s",
                    upgrade_configs: [{ upgrade_type: "websocket" }],
                    route_config: {
                      virtual_hosts: [
                        {
                          name: "all",
                          domains: ["*"],
                          routes: [
                            {
                              match: { prefix: "/", headers: [websocket] },
                              route: { cluster: "http1", timeout: "0s" },
                            },
                            { match: { prefix: "/" }, route: { cluster: "http2", timeout: "0s" } },
                          ],
                        },
                      ],
                    },
                    http_filters: [
                      {
                        name: "envoy.filters.http.router",
                        typed_config: {
                          "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                        },
                      },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        cluster("http1", { http_protocol_options: {} }),
        cluster("http2", { http2_protocol_options: {} }),
      ],
    },
  };
}

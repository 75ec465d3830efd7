import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { real } from "./real-components.ts";

export interface StaticEnvoy extends AsyncDisposable {
  readonly port: number;
}

/** A real Envoy in front of one port: HTTP/2 upstream for calls, HTTP/1.1 for websockets. */
export async function startEnvoy(upstreamPort: number): Promise<StaticEnvoy> {
  const folder = await mkdtemp(join(tmpdir(), "platemark-envoy-"));
  const configPath = join(folder, "envoy.json");
  const adminPath = join(folder, "admin");
  await writeFile(configPath, JSON.stringify(bootstrap(upstreamPort)));
  const child = spawn(
    real("envoy")!,
    [
      "-c",
      configPath,
      "--admin-address-path",
      adminPath,
      "--use-dynamic-base-id",
      "-l",
      "error",
      "--concurrency",
      "1",
    ],
    { stdio: "ignore" },
  );
  const port = await listeningPort(child, adminPath);
  return {
    port,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asked of the admin port, which Envoy writes into a file once it has one. */
async function listeningPort(child: ChildProcess, adminPath: string): Promise<number> {
  while (child.exitCode === null) {
    const admin = await readFile(adminPath, "utf8").catch(() => "");
    const answer = admin && (await fetch(`http://${admin}/listeners?format=json`).catch(() => undefined));
    const listeners = answer ? ((await answer.json()) as { listener_statuses?: Listener[] }) : {};
    const port = listeners.listener_statuses?.[0]?.local_address.socket_address.port_value;
    if (port) return port;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Envoy ended with ${child.exitCode}.`);
}

interface Listener {
  readonly local_address: { readonly socket_address: { readonly port_value: number } };
}

const address = (port_value: number) => ({ socket_address: { address: "127.0.0.1", port_value } });

function bootstrap(upstreamPort: number) {
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
    admin: { address: address(0) },
    static_resources: {
      listeners: [
        {
          name: "edge",
          address: address(0),
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

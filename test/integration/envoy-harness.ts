import { randomUUID } from "node:crypto";
import { systemClock } from "#kernel/clock.ts";
import { REGISTERED_SERVICES } from "../../server/rpc/registered-services.ts";
import { AdsServer } from "../../server/xds/ads-server.ts";
import { adsBootstrap, bootstrapJson } from "../../server/xds/envoy/bootstrap.ts";
import { type EdgeConfig, parseEdgeConfig } from "../../server/xds/envoy/edge-config.ts";
import { edgeSnapshots, nodeGroupOf } from "../../server/xds/envoy/edge-snapshots.ts";
import type { TokenKeys } from "../../server/xds/envoy/http-filters.ts";
import { NodeRegistry } from "../../server/xds/node-registry.ts";
import { Snapshots } from "../../server/xds/snapshots.ts";
import type { AdsVariant } from "../../server/xds/subscription.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { freePort, type RunningEnvoy, startEnvoy } from "../support/envoy-process.ts";

/** Our ADS server on snapshots that a test sets itself, bad ones as well. */
export class TestPlane implements AsyncDisposable {
  readonly snapshots = new Snapshots();
  readonly nodes = new NodeRegistry({ clock: systemClock });
  readonly logger = new RecordingLogger();
  readonly #server: AdsServer;
  port: number;

  constructor(port = 0) {
    this.port = port;
    this.#server = new AdsServer(
      {
        snapshots: this.snapshots,
        nodes: this.nodes,
        groupOf: nodeGroupOf,
        clock: systemClock,
        logger: this.logger,
        status: () => ({ configError: "", snapshots: {}, nodes: this.nodes.reports }),
      },
      { host: "127.0.0.1", port },
    );
  }

  async start(): Promise<this> {
    this.port = await this.#server.start();
    return this;
  }

  /** As the control plane does with a file's text. */
  configure(config: EdgeConfigInput, keys: TokenKeys | null = null): void {
    this.snapshots.set(edgeSnapshots(REGISTERED_SERVICES, edgeConfig(config), keys));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

/** What a file would hold. */
export type EdgeConfigInput = Readonly<Record<string, unknown>>;

export function edgeConfig(config: EdgeConfigInput): EdgeConfig {
  return parseEdgeConfig(JSON.stringify(config), "edge.json");
}

export interface TestEnvoy extends RunningEnvoy {
  readonly nodeId: string;
  /** Starts it again after a kill, on the same ports. */
  restart(): Promise<TestEnvoy>;
}

/** An Envoy that has everything from the plane. */
export async function envoyOf(
  plane: { readonly port: number },
  variant: AdsVariant,
  nodeId = `envoy-${randomUUID()}`,
): Promise<TestEnvoy> {
  const adminPort = await freePort();
  const bootstrap = bootstrapJson(
    adsBootstrap({ nodeId, adminPort }, { host: "127.0.0.1", port: plane.port, variant }),
  );
  const start = async (): Promise<TestEnvoy> => ({
    ...(await startEnvoy(bootstrap, adminPort)),
    nodeId,
    restart: start,
  });
  return await start();
}

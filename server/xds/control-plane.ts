import type { DescService } from "@bufbuild/protobuf";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { BackgroundTask } from "../services/background-task.ts";
import { AdsServer } from "./ads-server.ts";
import { readEdgeFiles } from "./envoy/edge-files.ts";
import { edgeSnapshots, nodeGroupOf } from "./envoy/edge-snapshots.ts";
import { NodeRegistry } from "./node-registry.ts";
import { Snapshots } from "./snapshots.ts";
import type { XdsStatus } from "./xds-status.ts";

export interface ControlPlaneOptions {
  /** The site's configuration (docs/guides/envoy.md). */
  readonly file: string;
  readonly services: readonly DescService[];
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface ControlPlaneDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How soon a change of the file is seen. Looking costs less than a millisecond, and works on every file system and
 *  however the file is replaced. */
const LOOK_MS = 250;

/** Serves a configuration file over ADS, and each good version of it that follows. A bad one leaves the last good one
 *  in force. */
export class XdsControlPlane implements AsyncDisposable {
  readonly #options: ControlPlaneOptions;
  readonly #deps: ControlPlaneDeps;
  readonly #snapshots = new Snapshots();
  readonly #nodes: NodeRegistry;
  readonly #server: AdsServer;
  readonly #watch = new BackgroundTask();
  #text = "";
  #error = "";

  constructor(options: ControlPlaneOptions, deps: ControlPlaneDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#nodes = new NodeRegistry(deps);
    this.#server = new AdsServer(
      {
        ...deps,
        snapshots: this.#snapshots,
        nodes: this.#nodes,
        groupOf: nodeGroupOf,
        status: () => this.status,
      },
      options,
    );
  }

  get status(): XdsStatus {
    const snapshots = Object.fromEntries(
      ["envoy", "grpc"].map((group) => [group, this.#snapshots.get(group).version]),
    );
    return { configError: this.#error, snapshots, nodes: this.#nodes.reports };
  }

  /** Answers the port. @throws AppError `config.invalid` for a file that cannot be used, `unavailable` for the port. */
  async start(): Promise<number> {
    await this.#load();
    const port = await this.#server.start();
    this.#watch.start(() => this.#look());
    return port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }

  /** @throws AppError `config.invalid` */
  async #load(): Promise<void> {
    const { file, services } = this.#options;
    const { config, keys, text } = await readEdgeFiles(file, { signal: this.#watch.signal });
    if (text === this.#text) return;
    const snapshots = edgeSnapshots(services, config, keys);
    this.#text = text;
    this.#snapshots.set(snapshots);
    this.#deps.logger.info("xds.configured", {
      version: snapshots.get("envoy")?.version,
      releases: Object.fromEntries(config.releases.map(({ name, weight }) => [name, weight])),
    });
  }

  async #look(): Promise<void> {
    const { clock, logger } = this.#deps;
    const { signal } = this.#watch;
    let seen = "";
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, { signal }).catch(() => {});
      if (signal.aborted) return;
      let error = "";
      await this.#load().catch((reason: unknown) => {
        error = AppError.from(reason).message;
      });
      // A file that is being written is bad for a moment: what is bad twice running is worth a word.
      if (error === "" || error === seen) {
        if (error !== "" && error !== this.#error) logger.error("xds.config_refused", { reason: error });
        this.#error = error;
      }
      seen = error;
    }
  }
}

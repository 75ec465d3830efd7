import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { REGISTERED_SERVICES } from "../../server/rpc/registered-services.ts";
import { XdsControlPlane } from "../../server/xds/control-plane.ts";
import { AggregatedDiscoveryService } from "../../server/xds/gen/envoy/service/discovery/v3/ads_pb.ts";
import type { DiscoveryResponse } from "../../server/xds/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { TYPE_URLS } from "../../server/xds/resource-type.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";

const PATIENCE = { timeout: 10_000, interval: 20 };
type Ads = Client<typeof AggregatedDiscoveryService>;
type Asked = Parameters<Ads["streamAggregatedResources"]>[0] extends AsyncIterable<infer M> ? M : never;

/** One stream, on which a test says and hears one message after the other. */
class Stream implements AsyncDisposable {
  readonly #said: Asked[] = [];
  readonly #stop = new AbortController();
  readonly #heard: AsyncIterator<DiscoveryResponse>;
  #wake = () => {};

  constructor(ads: Ads) {
    const { signal } = this.#stop;
    this.#heard = ads.streamAggregatedResources(this.#requests(), { signal })[Symbol.asyncIterator]();
  }

  say(message: Asked): void {
    this.#said.push(message);
    this.#wake();
  }

  async hear(): Promise<DiscoveryResponse> {
    const { value, done } = await this.#heard.next();
    if (done) throw new Error("the stream has ended");
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#heard.next().catch(() => {});
  }

  async *#requests(): AsyncGenerator<Asked> {
    while (!this.#stop.signal.aborted) {
      const next = this.#said.shift();
      if (next) yield next;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

describe("the control plane", () => {
  const logger = new RecordingLogger();
  let folder: string;
  let file: string;
  let plane: XdsControlPlane;
  let url: string;
  let ads: Ads;

  const write = (port: number) =>
    writeFile(
      file,
      JSON.stringify({ releases: [{ name: "stable", endpoints: [{ host: "10.0.0.1", port }] }] }),
    );
  const node = (id: string, userAgentName = "envoy") => ({ id, userAgentName });
  const status = async () => (await fetch(`${url}/status`)).json();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-xds-"));
    file = join(folder, "edge.json");
    await write(1);
    plane = new XdsControlPlane(
      { file, services: REGISTERED_SERVICES, host: "127.0.0.1", port: 0 },
      { clock: systemClock, logger },
    );
    url = `http://127.0.0.1:${await plane.start()}`;
    ads = createClient(AggregatedDiscoveryService, createGrpcTransport({ baseUrl: url }));
  });
  afterAll(async () => {
    await plane?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test("gives several nodes at once what is for their group, and each what it asks for", async () => {
    await using proxy = new Stream(ads);
    await using client = new Stream(ads);
    proxy.say({ node: node("edge-1"), typeUrl: TYPE_URLS.cluster });
    client.say({
      node: node("app-1", "gRPC C-core"),
      typeUrl: TYPE_URLS.listener,
      resourceNames: ["platemark"],
    });
    expect((await proxy.hear()).resources).toHaveLength(2);
    const listener = await client.hear();
    expect(listener).toMatchObject({ typeUrl: TYPE_URLS.listener, nonce: "1" });
    expect(listener.resources).toHaveLength(1);
    expect((await status()).nodes).toMatchObject([
      { id: "edge-1", group: "envoy", connected: true },
      { id: "app-1", group: "grpc", connected: true },
    ]);
  });

  test("keeps what a node has refused, with its words, and after the node has gone", async () => {
    {
      await using stream = new Stream(ads);
      stream.say({ node: node("edge-2"), typeUrl: TYPE_URLS.cluster });
      const { nonce: responseNonce, versionInfo } = await stream.hear();
      stream.say({
        typeUrl: TYPE_URLS.cluster,
        responseNonce,
        errorDetail: { code: 3, message: "no such\n thing\n" },
      });
      await vi.waitFor(async () => {
        const { types } = (await status()).nodes.find(({ id }: { id: string }) => id === "edge-2");
        expect(types.cluster).toMatchObject({
          acceptedVersion: "",
          refusal: { version: versionInfo, message: "no such; thing" },
          refusals: 1,
        });
      }, PATIENCE);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toContain('platemark_xds_nodes_refusing{type="cluster"} 1');
      expect(logger.of("xds.refused").at(-1)?.fields).toMatchObject({
        node: "edge-2",
        type: "cluster",
        reason: "no such; thing",
      });
    }
    await vi.waitFor(async () => {
      const { nodes } = await status();
      expect(nodes.find(({ id }: { id: string }) => id === "edge-2")).toMatchObject({
        connected: false,
        types: { cluster: { refusal: { message: "no such; thing" } } },
      });
    }, PATIENCE);
  });

  test("passes a change of the file on, and leaves the last good one in force while it is bad", async () => {
    await using stream = new Stream(ads);
    const typeUrl = TYPE_URLS.endpoints;
    stream.say({ node: node("edge-3"), typeUrl, resourceNames: ["stable"] });
    const first = await stream.hear();
    stream.say({ typeUrl, resourceNames: ["stable"], responseNonce: first.nonce });
    await writeFile(file, '{"releases": []}');
    await vi.waitFor(async () => expect((await status()).configError).toMatch(/releases/), PATIENCE);
    expect(logger.of("xds.config_refused")).toHaveLength(1);
    await write(2);
    const second = await stream.hear();
    expect(second.nonce).toBe("2");
    expect(second.versionInfo).not.toBe(first.versionInfo);
    await vi.waitFor(async () => expect((await status()).configError).toBe(""), PATIENCE);
  });

  test("says nothing of types that it does not serve, and goes on with those that it does", async () => {
    await using stream = new Stream(ads);
    stream.say({ node: node("edge-4"), typeUrl: "type.googleapis.com/envoy.service.runtime.v3.Runtime" });
    stream.say({ typeUrl: TYPE_URLS.cluster });
    expect(await stream.hear()).toMatchObject({ typeUrl: TYPE_URLS.cluster, nonce: "1" });
  });

  test("turns away who does not say whose node it is, who asks too much, and pages", async () => {
    await using nobody = new Stream(ads);
    nobody.say({ typeUrl: TYPE_URLS.cluster });
    await expect(nobody.hear()).rejects.toThrow(/invalid_argument/);
    await using greedy = new Stream(ads);
    const resourceNames = Array.from({ length: 10_001 }, (_, at) => `n${at}`);
    greedy.say({ node: node("edge-5"), typeUrl: TYPE_URLS.route, resourceNames });
    await expect(greedy.hear()).rejects.toThrow(/resource_exhausted/);
    expect(logger.of("xds.stream_failed").at(-1)?.fields).toMatchObject({
      reason: expect.stringContaining("10000 names"),
    });
    expect((await fetch(`${url}/status`, { headers: { origin: "https://evil.example" } })).status).toBe(404);
    const web = createClient(
      AggregatedDiscoveryService,
      createGrpcWebTransport({ baseUrl: url, httpVersion: "2" }),
    );
    await using page = new Stream(web);
    page.say({ node: node("edge-6"), typeUrl: TYPE_URLS.cluster });
    await expect(page.hear()).rejects.toThrow();
  });

  test("ends its streams when it ends, so that nodes come back to the next one", async () => {
    const own = new XdsControlPlane(
      { file, services: REGISTERED_SERVICES, host: "127.0.0.1", port: 0 },
      { clock: systemClock, logger },
    );
    const port = await own.start();
    await using stream = new Stream(
      createClient(AggregatedDiscoveryService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` })),
    );
    stream.say({ node: node("edge-7"), typeUrl: TYPE_URLS.cluster });
    await stream.hear();
    await own[Symbol.asyncDispose]();
    await expect(stream.hear()).rejects.toThrow(/unavailable|canceled|aborted/);
  });

  test("does not start with a file that is bad", async () => {
    await using bad = new XdsControlPlane(
      { file: join(folder, "none.json"), services: REGISTERED_SERVICES, host: "127.0.0.1", port: 0 },
      { clock: systemClock, logger },
    );
    await expect(bad.start()).rejects.toMatchObject({ code: "config.invalid" });
  });
});

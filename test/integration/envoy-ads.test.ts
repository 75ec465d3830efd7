import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { Agent, fetch } from "undici";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { bearer, clientOver } from "#contracts/client.ts";
import { createFetchTransport } from "#contracts/fetch-transport.ts";
import { systemClock } from "#kernel/clock.ts";
import { REGISTERED_SERVICES } from "../../server/rpc/registered-services.ts";
import { XdsControlPlane } from "../../server/xds/control-plane.ts";
import { edgeSnapshots } from "../../server/xds/envoy/edge-snapshots.ts";
import { ClusterSchema } from "../../server/xds/gen/envoy/config/cluster/v3/cluster_pb.ts";
import { createSnapshot, type SnapshotPart } from "../../server/xds/snapshot.ts";
import type { AdsVariant } from "../../server/xds/subscription.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { type Echo, type EchoUpstream, startEchoUpstream } from "../support/echo-upstream.ts";
import { freePort } from "../support/envoy-process.ts";
import { pythonGrpc } from "../support/python-grpc.ts";
import { describeReal } from "../support/real-components.ts";
import { type EdgeConfigInput, edgeConfig, envoyOf, type TestEnvoy, TestPlane } from "./envoy-harness.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  SECRET,
  startServer,
  testFile,
} from "./server-harness.ts";

const ORIGIN = "https://studio.example";
const CHECK = "/platemark.v1.HealthService/Check";
const LIST = "/platemark.v1.MediaService/ListMedia";
const WATCH = "/platemark.v1.MediaService/WatchMedia";
/** A connection for each request: one that is kept stays with the listener that it came to until that has drained. */
const eachItsOwn = new Agent({ pipelining: 0 });
/** A change is with Envoy within a second (docs/guides/envoy.md); a busy machine gets more before a test gives up. */
const PATIENCE = { timeout: 15_000, interval: 20 };

describeReal("Envoy with everything over our ADS", ["envoy", "python"], () => {
  let folder: string;
  let installation: Installation;
  let server: RunningServer;
  let upstreams: { readonly blue: EchoUpstream; readonly green: EchoUpstream };
  let keys: { readonly path: string };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-edge-"));
    installation = await embeddedInstallation();
    server = await startServer(installation, { origins: [ORIGIN] });
    upstreams = { blue: await startEchoUpstream("blue"), green: await startEchoUpstream("green") };
    keys = { path: join(folder, "jwks.json") };
    const secret = { kty: "oct", alg: "HS256", k: Buffer.from(SECRET).toString("base64url") };
    await writeFile(keys.path, JSON.stringify({ keys: [secret] }));
  });
  afterAll(async () => {
    for (const started of [upstreams?.blue, upstreams?.green, server, installation])
      await started?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  describe.each<AdsVariant>(["state_of_the_world", "delta"])("%s", (variant) => {
    let plane: TestPlane;
    let envoy: TestEnvoy;
    let port: number;
    let url: string;

    beforeAll(async () => {
      [plane, port] = [await new TestPlane().start(), await freePort()];
      url = `http://127.0.0.1:${port}`;
      plane.configure(toServer(), keys);
      envoy = await envoyOf(plane, variant);
    });
    afterAll(async () => {
      await envoy?.[Symbol.asyncDispose]();
      await plane?.[Symbol.asyncDispose]();
    });

    const edge = (rest: EdgeConfigInput): EdgeConfigInput => ({
      listen: { port },
      origins: [ORIGIN, "https://*.shop.example", { pattern: "https://pr-[0-9]+\\.test" }],
      ...rest,
    });
    const toServer = () =>
      edge({
        tokens: { jwks: "jwks.json", deliver: "path" },
        releases: [
          { name: "stable", endpoints: [{ host: "127.0.0.1", port: Number(new URL(server.url).port) }] },
        ],
      });
    const toEchoes = (
      weights: { readonly blue: number; readonly green: number },
      rest: EdgeConfigInput = {},
    ) =>
      edge({
        releases: (["blue", "green"] as const).map((name) => ({
          name,
          weight: weights[name],
          endpoints: [{ host: "127.0.0.1", port: upstreams[name].port }],
        })),
        ...rest,
      });
    const post = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: "{}",
        dispatcher: eachItsOwn,
      });
    const echo = async (path = CHECK, headers?: Record<string, string>) =>
      (await (await post(path, headers)).json()) as Echo;
    const share = async (calls: number) => {
      const names = await Promise.all(Array.from({ length: calls }, () => echo()));
      return names.filter(({ name }) => name === "green").length / calls;
    };
    const report = () => plane.nodes.reports.find(({ id }) => id === envoy.nodeId)!;
    /** Until Envoy has taken everything that is in force. */
    const settled = () =>
      vi.waitFor(() => {
        for (const type of ["cluster", "listener", "route"] as const) {
          const { sentVersion, acceptedVersion } = report().types[type]!;
          expect(acceptedVersion).toBe(sentVersion);
        }
      }, PATIENCE);

    describe("in front of our server", () => {
      const transports: [string, () => unknown][] = [
        ["gRPC", () => createGrpcTransport({ baseUrl: url, interceptors: [bearer(() => server.token())] })],
        [
          "gRPC-Web over HTTP/1.1",
          () =>
            createGrpcWebTransport({
              baseUrl: url,
              httpVersion: "1.1",
              interceptors: [bearer(() => server.token())],
            }),
        ],
        [
          "JSON over HTTP/1.1",
          () =>
            createConnectTransport({
              baseUrl: url,
              httpVersion: "1.1",
              useBinaryFormat: false,
              interceptors: [bearer(() => server.token())],
            }),
        ],
        ["fetch", () => createFetchTransport({ baseUrl: url, interceptors: [bearer(() => server.token())] })],
      ];
      test.each(transports)("passes calls and streams of %s", async (_name, open) => {
        // The compiler knows the type of a transport twice, by the package's two builds.
        const client = clientOver(open() as Parameters<typeof clientOver>[0]);
        expect((await client.health.check({})).version).toBe("test");
        const { items } = await client.uploads.createUploads({ items: [testFile().announcement] });
        const stop = new AbortController();
        const first = (async () => {
          for await (const change of client.media.watchMedia({ afterSequence: 0n }, { signal: stop.signal }))
            if (change.items.some(({ id }) => id === items[0]!.mediaId)) return "seen";
          return "ended";
        })();
        expect(await first).toBe("seen");
        stop.abort();
      });

      test("passes calls and streams of Python's gRPC client", async () => {
        const environment = { TOKEN: await server.token() };
        await using calls = pythonGrpc(`127.0.0.1:${port}`, CHECK);
        expect(await calls.call()).toMatch(/^ok 08/);
        await using streams = pythonGrpc(`127.0.0.1:${port}`, WATCH, environment);
        expect(await streams.call("stream")).toMatch(/^ok/);
      });

      test("tells origins on the list that they may, others nothing, and says Vary: Origin once", async () => {
        const token = { authorization: `Bearer ${await server.token()}` };
        const allowed = await post(LIST, { ...token, origin: ORIGIN });
        expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([200, ORIGIN]);
        expect(allowed.headers.get("access-control-expose-headers")).toContain("grpc-status");
        const refused = await post(LIST, { ...token, origin: "https://evil.example" });
        expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([403, null]);
        const preflight = await fetch(`${url}${LIST}`, {
          method: "OPTIONS",
          headers: { origin: "https://a.b.shop.example", "access-control-request-method": "POST" },
        });
        expect(preflight.headers.get("access-control-allow-origin")).toBe("https://a.b.shop.example");
        expect(preflight.headers.get("access-control-allow-headers")).toContain("x-grpc-web");
        for (const { headers } of [allowed, refused, preflight, await post(LIST, { origin: ORIGIN })])
          expect(headers.get("vary")?.match(/Origin/gi)).toEqual(["Origin"]);
      });

      test("lets a page's websocket through to the server's own bridge", async () => {
        const socket = new WebSocket(`${url.replace("http", "ws")}${WATCH}`, "grpc-websockets", {
          headers: { origin: ORIGIN },
        });
        await once(socket, "open");
        expect(socket.protocol).toBe("grpc-websockets");
        socket.terminate();
      });

      test("stops calls without a good token before the server, and lets anonymous ones pass", async () => {
        const statuses = await Promise.all(
          [{}, { authorization: "Bearer nonsense" }, { authorization: `Bearer ${await server.token()}` }].map(
            async (headers) => (await post(LIST, headers)).status,
          ),
        );
        expect(statuses).toEqual([401, 401, 200]);
        expect((await post(CHECK)).status).toBe(200);
        const stranger = [bearer(async () => "nonsense")];
        for (const transport of [
          createGrpcTransport({ baseUrl: url, interceptors: stranger }),
          createGrpcWebTransport({ baseUrl: url, httpVersion: "1.1", interceptors: stranger }),
        ])
          await expect(
            clientOver(transport as Parameters<typeof clientOver>[0]).media.listMedia({}),
          ).rejects.toThrow(/unauthenticated/);
        expect((await post("/platemark.v1.MediaService/NoSuchMethod")).status).not.toBe(200);
      });
    });

    describe("in front of others", () => {
      test("shares requests out by weight, and follows a change of the weights", async () => {
        plane.configure(toEchoes({ blue: 1, green: 0 }));
        await vi.waitFor(async () => expect((await echo()).name).toBe("blue"), PATIENCE);
        expect(await share(40)).toBe(0);
        plane.configure(toEchoes({ blue: 1, green: 1 }));
        await vi.waitFor(async () => expect(await share(60)).toBeGreaterThan(0.2), PATIENCE);
        expect(await share(200)).toBeLessThan(0.8);
        plane.configure(toEchoes({ blue: 0, green: 1 }));
        await vi.waitFor(async () => expect(await share(20)).toBe(1), PATIENCE);
      });

      test("overwrites caller headers with what the token says, and drops them where there is none", async () => {
        const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
        const inline = JSON.stringify({
          keys: [{ ...(await exportJWK(publicKey)), alg: "ES256", kid: "one" }],
        });
        plane.configure(toEchoes({ blue: 1, green: 0 }, { tokens: { jwks: "jwks.json" } }), { inline });
        await settled();
        await vi.waitFor(async () => expect((await post(LIST)).status).toBe(401), PATIENCE);
        const token = (audience: string) =>
          new SignJWT({ scope: "media.read uploads.write" })
            .setProtectedHeader({ alg: "ES256", kid: "one" })
            .setSubject("tester")
            .setAudience(audience)
            .setExpirationTime("5m")
            .sign(privateKey);
        const foreign = await post(LIST, { authorization: `Bearer ${await token("another")}` });
        expect([401, 403]).toContain(foreign.status);
        const spoofed = { "x-auth-user-id": "admin", "x-auth-scope": "everything", "x-auth-payload": "e30" };
        const known = await echo(LIST, { ...spoofed, authorization: `Bearer ${await token("platemark")}` });
        expect(known.headers).toMatchObject({
          "x-auth-user-id": "tester",
          "x-auth-scope": "media.read uploads.write",
          authorization: expect.stringMatching(/^Bearer ey/),
        });
        const payload = Buffer.from(known.headers["x-auth-payload"]!, "base64url").toString();
        expect(JSON.parse(payload)).toMatchObject({ sub: "tester", aud: "platemark" });
        const anonymous = await echo(CHECK, spoofed);
        for (const name of Object.keys(spoofed)) expect(anonymous.headers[name]).toBeUndefined();
      });

      test("keeps the request's id and trace, and makes an id where there is none", async () => {
        plane.configure(toEchoes({ blue: 1, green: 0 }));
        await vi.waitFor(async () => expect((await post(LIST)).status).toBe(200), PATIENCE);
        const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        const answer = await post(CHECK, { "x-request-id": "my-own-id", traceparent: trace });
        const { headers } = (await answer.json()) as Echo;
        expect(headers).toMatchObject({ "x-request-id": "my-own-id", traceparent: trace });
        expect(answer.headers.get("x-request-id")).toBe("my-own-id");
        expect((await echo()).headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
      });

      test("passes a websocket on, over HTTP/1.1", async () => {
        const said = await new Promise<string>((resolve, reject) => {
          request(`${url}${WATCH}`, {
            headers: {
              connection: "Upgrade",
              upgrade: "websocket",
              "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
              "sec-websocket-version": "13",
            },
          })
            .on("upgrade", (response, socket) => {
              socket.once("data", (chunk: Buffer) => {
                resolve(`${response.statusCode} ${response.headers["sec-websocket-accept"]} ${chunk}`);
                socket.destroy();
              });
              socket.write("ping");
            })
            .on("response", ({ statusCode }) => reject(new Error(`no upgrade: ${statusCode}`)))
            .on("error", reject)
            .end();
        });
        expect(said).toBe("101 s3pPLMBiTxaQ9kYGzzhZRbK+xOo= ping");
      });

      test("refuses more requests than the limit, as gRPC clients understand it", async () => {
        plane.configure(toEchoes({ blue: 1, green: 0 }, { rateLimit: { requests: 3, seconds: 3_600 } }));
        const limited = await vi.waitFor(async () => {
          const answer = await post(CHECK);
          expect(answer.status).toBe(429);
          return answer;
        }, PATIENCE);
        expect(limited.headers.get("x-ratelimit-limit")).toBe("3");
        await using calls = pythonGrpc(`127.0.0.1:${port}`, CHECK);
        expect(await calls.call()).toMatch(/^failed RESOURCE_EXHAUSTED/);
      });

      test("asks endpoints by gRPC whether they are well", async () => {
        plane.configure(toEchoes({ blue: 0, green: 1 }, { healthCheck: "grpc" }));
        await vi.waitFor(async () => expect((await echo()).name).toBe("green"), PATIENCE);
        interface Clusters {
          readonly cluster_statuses: readonly {
            readonly name: string;
            readonly host_statuses: readonly { readonly health_status: Readonly<Record<string, unknown>> }[];
          }[];
        }
        const answer = await fetch(`${envoy.admin}/clusters?format=json`);
        const { cluster_statuses: clusters } = (await answer.json()) as Clusters;
        const green = clusters.find(({ name }) => name === "green")!;
        expect(green.host_statuses[0]!.health_status.failed_active_health_check).toBeUndefined();
      });
    });

    describe("when something goes wrong", () => {
      test("survives a configuration that Envoy refuses with the last good one, and says why", async () => {
        plane.configure(toEchoes({ blue: 1, green: 0 }));
        await vi.waitFor(async () => expect((await echo()).name).toBe("blue"), PATIENCE);
        plane.snapshots.set(new Map([["envoy", withBadCluster(toEchoes({ blue: 0, green: 1 }))]]));
        await vi.waitFor(() => expect(report().types.cluster?.refusal?.message).toMatch(/bad/), PATIENCE);
        expect(report().agent).toMatch(/^envoy \d+\.\d+\.\d+$/);
        expect(plane.logger.of("xds.refused").at(-1)?.fields).toMatchObject({ type: "cluster" });
        expect(await share(20)).toBe(0);
        plane.configure(toEchoes({ blue: 0, green: 1 }));
        await vi.waitFor(async () => expect(await share(10)).toBe(1), PATIENCE);
        expect(report().types.cluster?.refusal).toBeNull();
      });

      test("goes on when the control plane is away, and follows the next one's file", async () => {
        await plane[Symbol.asyncDispose]();
        await vi.waitFor(() => expect(report().connected).toBe(false), PATIENCE);
        expect((await echo()).name).toBe("green");
        const file = join(folder, `${variant}.json`);
        await writeFile(file, JSON.stringify(toEchoes({ blue: 1, green: 0 })));
        const logger = new RecordingLogger();
        await using next = new XdsControlPlane(
          { file, services: REGISTERED_SERVICES, host: "127.0.0.1", port: plane.port },
          { clock: systemClock, logger },
        );
        await next.start();
        await vi.waitFor(async () => expect((await echo()).name).toBe("blue"), PATIENCE);
        await writeFile(file, JSON.stringify(toEchoes({ blue: 0, green: 1 })));
        await vi.waitFor(async () => expect((await echo()).name).toBe("green"), PATIENCE);
        await writeFile(file, "{");
        await vi.waitFor(() => expect(next.status.configError).toMatch(/no valid JSON/), PATIENCE);
        expect((await echo()).name).toBe("green");

        await envoy.kill();
        envoy = await envoy.restart();
        await vi.waitFor(async () => expect((await echo()).name).toBe("green"), PATIENCE);
        expect(next.status.nodes.filter(({ connected }) => connected)).toHaveLength(1);
      });
    });
  });

  /** The configuration with a cluster more that no Envoy takes: it names no way of discovery that there is. */
  function withBadCluster(config: EdgeConfigInput) {
    const good = edgeSnapshots(REGISTERED_SERVICES, edgeConfig(config), null).get("envoy")!;
    const parts = Object.fromEntries(
      Object.entries(good.resources).map(([type, resources]) => [
        type,
        [...resources.values()] as SnapshotPart[],
      ]),
    );
    const bad = create(ClusterSchema, {
      name: "bad",
      clusterDiscoveryType: { case: "clusterType", value: { name: "none" } },
    });
    parts.cluster!.push({ name: "bad", body: anyPack(ClusterSchema, bad) });
    return createSnapshot(parts);
  }
});

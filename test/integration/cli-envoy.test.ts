import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REGISTERED_SERVICES } from "../../server/rpc/registered-services.ts";
import { adsBootstrap, bootstrapJson, staticBootstrap } from "../../server/xds/envoy/bootstrap.ts";
import { checkWithEnvoy } from "../../server/xds/envoy/check-with-envoy.ts";
import { readEdgeFiles } from "../../server/xds/envoy/edge-files.ts";
import { describeReal, real } from "../support/real-components.ts";
import { CliWorld } from "./cli-harness.ts";

const EDGE = { releases: [{ name: "stable", endpoints: [{ host: "127.0.0.1", port: 4410 }] }] };
const FULL = {
  ...EDGE,
  listen: { host: "0.0.0.0", port: 8443 },
  origins: [
    "https://shop.example",
    "https://*.shop.example",
    { pattern: "https://pr-[0-9]+\\.shop\\.example" },
  ],
  tokens: { jwks: "jwks.json" },
  rateLimit: { requests: 500 },
  healthCheck: "grpc",
  releases: [
    ...EDGE.releases,
    { name: "next", weight: 0, endpoints: [{ host: "next.internal", port: 4410 }] },
  ],
};
const KEY = {
  kty: "EC",
  crv: "P-256",
  alg: "ES256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
};

let world: CliWorld;
let edge: string;
beforeAll(async () => {
  world = await CliWorld.make();
  edge = join(world.folder, "edge.json");
  await writeFile(edge, JSON.stringify(EDGE));
  await writeFile(join(world.folder, "full.json"), JSON.stringify(FULL));
  await writeFile(join(world.folder, "jwks.json"), JSON.stringify({ keys: [KEY] }));
});
afterAll(() => world?.[Symbol.asyncDispose]());

describe("platemark envoy", () => {
  test("prints what an Envoy is started with, and the whole configuration", async () => {
    const [started, whole] = await Promise.all([
      world.run(["envoy", "bootstrap", "--xds", "xds.internal:18000", "--node-id", "edge-7", "--delta"]),
      world.run(["envoy", "config", join(world.folder, "full.json"), "--admin-port", "0"]),
    ]);
    const bootstrap = JSON.parse(started.stdout);
    expect(bootstrap.node.id).toBe("edge-7");
    expect(bootstrap.dynamic_resources.ads_config.api_type).toBe("DELTA_GRPC");
    expect(JSON.stringify(bootstrap.static_resources)).toContain(
      '"address":"xds.internal","port_value":18000',
    );
    const config = JSON.parse(whole.stdout);
    expect(config.admin).toBeUndefined();
    const names = config.static_resources.clusters.map(({ name }: { name: string }) => name);
    expect(names).toEqual(["stable", "stable-upgrade", "next", "next-upgrade"]);
    const listener = JSON.stringify(config.static_resources.listeners[0]);
    const filters = listener
      .slice(listener.indexOf('"http_filters"'))
      .match(/"name":"envoy\.filters\.http\.[a-z_]+"/g);
    expect(filters?.map((name) => name.slice(27, -1))).toEqual([
      "header_mutation",
      "cors",
      "grpc_web",
      "local_ratelimit",
      "jwt_authn",
      "router",
    ]);
  });

  test("judges a configuration by its own rules where there is no Envoy, and says so", async () => {
    const nothing = join(world.folder, "empty");
    await mkdir(nothing);
    const bad = join(world.folder, "bad.json");
    await writeFile(bad, JSON.stringify({ ...EDGE, origins: ["https://*"] }));
    const [well, wrong] = await Promise.all([
      world.run(["envoy", "check", edge], { PATH: nothing }),
      world.run(["envoy", "check", bad], { PATH: nothing }),
    ]);
    expect([well.code, well.stdout]).toEqual([0, expect.stringContaining("by our own rules alone")]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("production.0")]);
    const gone = checkWithEnvoy(join(nothing, "envoy"), "{}", { signal: new AbortController().signal });
    await expect(gone).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("platemark xds", () => {
  test("serves a file until it is told to stop, and shows who has come", async () => {
    const serving = world.start(["xds", "serve", edge, "--port", "0"]);
    const [, address] = await serving.seen(/at (127\.0\.0\.1:\d+)\. Ctrl-C ends it/);
    await writeFile(edge, "{");
    await serving.seen(/xds\.config_refused/);
    const { code, stdout } = await world.run(["xds", "status", "--xds", address!]);
    expect([code, stdout]).toEqual([1, expect.stringContaining("the last good one is in force")]);
    serving.process.kill("SIGTERM");
    expect((await serving.finished).code).toBe(0);
    await expect(fetch(`http://${address}/status`)).rejects.toThrow();
    await writeFile(edge, JSON.stringify(EDGE));
  });
});

describeReal("platemark envoy, judged by Envoy", ["envoy"], () => {
  test("prints only what Envoy takes, and repeats its words where it does not", async () => {
    const full = join(world.folder, "full.json");
    const { signal } = new AbortController();
    const { config, keys } = await readEdgeFiles(full);
    const options = { nodeId: "edge", adminPort: 9901 };
    const ads = { host: "::1", port: 4420 };
    for (const bootstrap of [
      adsBootstrap(options, { ...ads, variant: "state_of_the_world" }),
      adsBootstrap(options, { ...ads, variant: "delta" }),
      staticBootstrap(options, REGISTERED_SERVICES, config, keys),
    ])
      await checkWithEnvoy(real("envoy")!, bootstrapJson(bootstrap), { signal });
    const good = await world.run(["envoy", "check", full, "--envoy", real("envoy")!]);
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining("Envoy says so, too")]);
    const tls = { certificate: "/nowhere/cert.pem", key: "/nowhere/key.pem" };
    const bad = join(world.folder, "tls.json");
    await writeFile(bad, JSON.stringify({ ...EDGE, listen: { tls } }));
    const refused = await world.run(["envoy", "check", bad, "--envoy", real("envoy")!]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/Envoy refuses it: .*nowhere/)]);
  });
});

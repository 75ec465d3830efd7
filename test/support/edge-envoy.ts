import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { bootstrapJson, staticBootstrap } from "../../server/xds/envoy/bootstrap.ts";
import { parseEdgeConfig } from "../../server/xds/envoy/edge-config.ts";
import { freePort, startEnvoy } from "./envoy-process.ts";

/** A server on this machine that an Envoy is to stand before. */
export interface Upstream {
  readonly port: number;
  readonly services: readonly DescService[];
  readonly origins: readonly string[];
  /** Of HS256 tokens, which Envoy then checks. */
  readonly secret?: string;
}

/** One Envoy with a listener for each server, on what `platemark envoy config` makes for it. */
export async function startEdgeEnvoy(
  upstreams: readonly Upstream[],
): Promise<AsyncDisposable & { readonly ports: readonly number[] }> {
  const folder = await mkdtemp(join(tmpdir(), "platemark-edge-envoy-"));
  const adminPort = await freePort();
  const whole = { listeners: [] as { name: string }[], clusters: [] as object[] };
  const ports: number[] = [];
  let base = {};
  for (const [index, { port, services, origins, secret }] of upstreams.entries()) {
    const listen = { port: await freePort() };
    const jwks = join(folder, `keys-${index}.json`);
    const k = Buffer.from(secret ?? "").toString("base64url");
    await writeFile(jwks, JSON.stringify({ keys: [{ kty: "oct", alg: "HS256", k }] }));
    const releases = [{ name: `server-${index}`, endpoints: [{ host: "127.0.0.1", port }] }];
    const tokens = secret === undefined ? {} : { tokens: { jwks, deliver: "path" } };
    const site = { listen, origins, healthCheck: "none", withhold: [], releases, ...tokens };
    const config = parseEdgeConfig(JSON.stringify(site), "edge.json");
    const keys = secret === undefined ? null : { path: jwks };
    const bootstrap = staticBootstrap({ nodeId: "clients", adminPort }, services, config, keys);
    const { static_resources: own, ...rest } = JSON.parse(bootstrapJson(bootstrap));
    for (const listener of own.listeners) whole.listeners.push({ ...listener, name: `edge-${index}` });
    whole.clusters.push(...own.clusters);
    ports.push(listen.port);
    base = rest;
  }
  const envoy = await startEnvoy(JSON.stringify({ ...base, static_resources: whole }), adminPort);
  return {
    ports,
    async [Symbol.asyncDispose]() {
      await envoy[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, clientOver } from "#contracts/client.ts";
import { settingsSchema } from "#contracts/settings.ts";
import { RetryInfoSchema } from "#standard/google/rpc/error_details_pb.ts";
import { BreakableProxy } from "../support/breakable-proxy.ts";
import { describeReal, real } from "../support/real-components.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  realInstallation,
  startServer,
} from "./server-harness.ts";

function withSettings(installation: Installation, settings: Record<string, unknown>): Installation {
  return {
    settings: settingsSchema.parse({ ...installation.settings, ...settings }),
    [Symbol.asyncDispose]: async () => {},
  };
}

describe("limits of calls", () => {
  let installation: Installation;
  let server: RunningServer;
  beforeAll(async () => {
    installation = await embeddedInstallation();
    const limits = { addressRate: 0.01, userRate: 0.005, trustedProxies: "127.0.0.1", metricsPort: 0 };
    server = await startServer(withSettings(installation, limits));
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  const snapshots = async (address: string, user: string) =>
    fetch(`${server.url}/api/v1/media/snapshots`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await server.token({ user })}`,
        "x-forwarded-for": address,
      },
      body: JSON.stringify({ mediaId: "none" }),
    });

  test("an address has its own, before its token is looked at, and is told when to come back", async () => {
    const unknown = () =>
      fetch(`${server.url}/api/v1/uploads`, {
        method: "POST",
        headers: { "x-forwarded-for": "203.0.113.1" },
      });
    expect((await unknown()).status).toBe(401);
    const refused = await unknown();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(90);
    expect(await refused.json()).toMatchObject({
      error: {
        code: "resource_exhausted",
        details: [{ retry: "backoff" }, { "@type": "type.googleapis.com/google.rpc.RetryInfo" }],
      },
    });
    expect((await snapshots("203.0.113.2", "another")).status).toBe(404);
  });

  test("one IPv6 network of 64 bits is one address", async () => {
    expect((await snapshots("2001:db8::1", "six")).status).toBe(404);
    expect((await snapshots("2001:db8::ffff", "seven")).status).toBe(429);
    expect((await snapshots("2001:db8:0:1::1", "seven")).status).toBe(404);
  });

  test("a user has one over all addresses", async () => {
    expect((await snapshots("203.0.113.10", "busy")).status).toBe(404);
    expect((await snapshots("203.0.113.11", "busy")).status).toBe(429);
    expect((await snapshots("203.0.113.12", "calm")).status).toBe(404);
  });

  test("over gRPC it is `resource_exhausted`, with how long to wait in the details and for gRPC's own clients", async () => {
    const interceptors = [bearer(() => server.token({ user: "grpc" }))];
    const client = clientOver(createGrpcTransport({ baseUrl: server.url, interceptors }) as never);
    const outcomes = [];
    for (let n = 0; n < 2; n++)
      outcomes.push(await client.media.listMedia({}).catch((error: unknown) => ConnectError.from(error)));
    const failure = outcomes[1] as ConnectError;
    expect(failure.code).toBe(Code.ResourceExhausted);
    const [retry] = failure.findDetails(RetryInfoSchema);
    expect(Number(retry?.retryDelay?.seconds)).toBeGreaterThan(90);
    expect(Number(failure.metadata.get("grpc-retry-pushback-ms"))).toBeGreaterThan(90_000);
  });

  test("probes are asked however often", async () => {
    for (let n = 0; n < 5; n++) expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});

describe("an embedded server", () => {
  test("has no limits of calls and answers no metrics", async () => {
    await using installation = await embeddedInstallation();
    const token = "a-token-of-this-launch";
    const limits = withSettings(installation, { addressRate: 0.001, userRate: 0.001, metricsPort: 0 });
    await using server = await startServer(limits, { auth: { kind: "launch", token } });
    const client = server.client({ token });
    for (let n = 0; n < 5; n++) await client.media.listMedia({});
    expect(server.logger.of("metrics.started")).toEqual([]);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  });
});

describeReal("limits of calls on Redis", ["redis", "postgres", "minio"], () => {
  test("hold over two servers, and let everybody in while Redis is away", { timeout: 30_000 }, async () => {
    const url = new URL(real("redis")!);
    await using proxy = await BreakableProxy.to({ host: url.hostname, port: Number(url.port) });
    await using installation = await realInstallation();
    const redisUrl = `redis://127.0.0.1:${proxy.port}`;
    const settings = { redisUrl, addressRate: 0.01, userRate: 0, metricsPort: 0 };
    const settled = withSettings(installation, settings);
    await using one = await startServer(settled);
    await using two = await startServer(settled);
    const status = async ({ url: base }: RunningServer) =>
      (await fetch(`${base}/api/v1/uploads`, { method: "POST" })).status;
    expect([await status(one), await status(two), await status(one)]).toEqual([401, 429, 429]);
    proxy.break();
    expect(await Promise.all([one, two, one, two].map(status))).toEqual([401, 401, 401, 401]);
    const metrics = await (await fetch(String(one.logger.of("metrics.started")[0]?.fields.url))).text();
    expect(metrics).toMatch(/platemark_rate_limit_bypasses_total 2/);
    proxy.mend();
    await expect.poll(() => status(two), { timeout: 15_000 }).toBe(429);
  });
});

import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { bearer, clientOver } from "#contracts/client.ts";
import { settingsSchema } from "#contracts/settings.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  send,
  startServer,
  testFile,
} from "./server-harness.ts";

function withMetrics({ settings }: Installation): Installation {
  return {
    settings: settingsSchema.parse({ ...settings, metricsPort: 0 }),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** What Prometheus would read: each sample by its name and labels, as they are written. */
async function look(server: RunningServer): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(String(server.logger.of("metrics.started")[0]?.fields.url));
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  const samples = (await answer.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    samples.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

const calls = (method: string, protocol: string, code: string) =>
  `platemark_call_duration_seconds_count{method="${method}",protocol="${protocol}",code="${code}"}`;

test("metrics count calls by how they ended, over every protocol, and nobody's paths become labels", async () => {
  await using home = await embeddedInstallation();
  await using server = await startServer(withMetrics(home), { origins: ["https://studio.example"] });
  const list = "platemark.v1.MediaService/ListMedia";
  const interceptors = [bearer(() => server.token())];
  const grpc = clientOver(createGrpcTransport({ baseUrl: server.url, interceptors }) as never);
  await grpc.media.listMedia({});
  await grpc.media.signDownload({ mediaId: "none" }).catch(() => undefined);
  await server.client().media.listMedia({});
  for (let n = 0; n < 5; n++) await fetch(`${server.url}/some/path/${n}`);
  await fetch(`${server.url}/api/v1/uploads`, { method: "POST" });
  await fetch(`${server.url}/api/v1/uploads`, {
    method: "POST",
    headers: { origin: "https://evil.example" },
  });

  await fetch(`${server.url}/${list}`, { method: "POST", headers: { authorization: "Bearer nonsense" } });

  await expect.poll(async () => (await look(server)).get(calls("other", "json", "not_found"))).toBe(5);
  const metrics = await look(server);
  expect(metrics.get(calls(list, "grpc", "ok"))).toBe(1);
  expect(metrics.get(calls(list, "connect-unary", "ok"))).toBe(1);
  expect(metrics.get(calls("platemark.v1.MediaService/SignDownload", "grpc", "not_found"))).toBe(1);
  expect(metrics.get(calls("api/v1/uploads", "json", "unauthenticated"))).toBe(1);
  expect(metrics.get(calls("api/v1/uploads", "json", "permission_denied"))).toBe(1);
  expect(metrics.get('platemark_refusals_total{what="origin",reason="not_allowed"}')).toBe(1);
  expect(metrics.get('platemark_refusals_total{what="token",reason="malformed"}')).toBe(1);
  expect(metrics.get(`platemark_calls_in_flight{method="${list}"}`)).toBe(0);
  expect([...metrics.keys()].filter((name) => name.includes("some/path") || name.includes("evil"))).toEqual(
    [],
  );
});

test("metrics tell of streams, components, breakers, the queue, pictures, connections and the process", async () => {
  await using home = await embeddedInstallation();
  await using server = await startServer(withMetrics(home));
  const client = server.client();
  const watching = new AbortController();
  const stream = client.media.watchMedia({ afterSequence: 0n }, { signal: watching.signal });
  const changes = stream[Symbol.asyncIterator]();
  await changes.next();
  const streams = 'platemark_streams_open{method="platemark.v1.MediaService/WatchMedia"}';
  expect((await look(server)).get(streams)).toBe(1);

  const file = testFile();
  const { how, mediaId } = (await client.uploads.createUploads({ items: [file.announcement] })).items[0]!;
  if (how.case !== "put") throw new Error(`not to be put: ${how.case}`);
  await send(how.value, file.bytes);
  await client.uploads.completeUploads({ items: [{ mediaId }] });
  await expect.poll(async () => (await look(server)).get('platemark_queue_jobs{state="ready"}')).toBe(1);
  watching.abort();
  await changes.next().catch(() => undefined);

  const cancelled = 'platemark_cancellations_total{reason="client_gone"}';
  await expect
    .poll(async () => {
      const metrics = await look(server);
      return [metrics.get(streams), (metrics.get(cancelled) ?? 0) > 0];
    })
    .toEqual([0, true]);
  const metrics = await look(server);
  expect(metrics.get("platemark_queue_oldest_ready_seconds")).toBeGreaterThan(0);
  expect(metrics.get('platemark_picture_transitions_total{state="uploading"}')).toBe(1);
  expect(metrics.get('platemark_picture_transitions_total{state="uploaded"}')).toBe(1);
  for (const component of ["store", "database", "queue"]) {
    expect(metrics.get(`platemark_breaker_state{component="${component}",state="closed"}`)).toBe(1);
    expect(metrics.get(`platemark_breaker_state{component="${component}",state="open"}`)).toBe(0);
  }
  const head = 'component="store",operation="head",outcome="ok"';
  expect(metrics.get(`platemark_component_call_duration_seconds_count{${head}}`)).toBeGreaterThan(0);
  expect(metrics.get("platemark_connections_open")).toBeGreaterThan(0);
  expect(metrics.get('platemark_connection_bytes_total{direction="read"}')).toBeGreaterThan(0);
  expect(metrics.has("nodejs_eventloop_lag_seconds")).toBe(true);
  expect(metrics.has("process_resident_memory_bytes")).toBe(true);
});

test("metrics are not at the API's port, and there is nothing else where they are", async () => {
  await using home = await embeddedInstallation();
  await using server = await startServer(withMetrics(home));
  expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  const url = new URL(String(server.logger.of("metrics.started")[0]?.fields.url));
  expect(url.hostname).toBe("127.0.0.1");
  expect((await fetch(`${url.origin}/`)).status).toBe(404);
  expect((await fetch(url, { method: "POST" })).status).toBe(404);
});

test("two servers in one process count each for itself", async () => {
  await using home = await embeddedInstallation();
  await using other = await embeddedInstallation();
  await using one = await startServer(withMetrics(home));
  await using two = await startServer(withMetrics(other));
  await fetch(`${one.url}/nothing`);
  const missed = calls("other", "json", "not_found");
  await expect.poll(async () => (await look(one)).get(missed)).toBe(1);
  expect((await look(two)).get(missed)).toBeUndefined();
});

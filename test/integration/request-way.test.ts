import { randomBytes } from "node:crypto";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { settingsSchema } from "#contracts/settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import type { Tracer } from "#kernel/tracer.ts";
import { openTracer } from "../../server/adapters/trace/open-tracer.ts";
import { openConnections } from "../../server/connections.ts";
import { mintToken } from "../../server/edge/tokens/mint-token.ts";
import { serve } from "../../server/serve.ts";
import { createMarkWorker } from "../../server/workers/worker.ts";
import { FakeMarker } from "../fakes/fake-marker.ts";
import { FakeProver } from "../fakes/fake-prover.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import { OtlpReceiver } from "../support/otlp-receiver.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  SECRET,
  send,
  startServer,
  type TestFile,
  testFile,
  USER,
} from "./server-harness.ts";

const BAGGAGE = "shop=vases,secretly=hidden-in-baggage";
const TRACESTATE = "vendor=abc";

/** The headers of a caller that has a trace of its own. */
function callerOf(flags = "01") {
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  const requestId = `req-${randomBytes(4).toString("hex")}`;
  const headers = {
    "x-request-id": requestId,
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    tracestate: TRACESTATE,
    baggage: BAGGAGE,
  };
  return { traceId, spanId, requestId, headers };
}

/** Announces a picture, sends it, completes it with `headers`; answers what came back. */
async function upload(
  server: Pick<RunningServer, "url" | "token">,
  file: TestFile,
  headers: Record<string, string>,
) {
  const call = async (path: string, body: unknown) => {
    const answer = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${await server.token()}`,
        ...headers,
      },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    return { json: (await answer.json()) as Record<string, never>, headers: answer.headers };
  };
  const { fileName, size, sha256, traceId } = file.announcement;
  const announced = await call("/api/v1/uploads", { fileName, size: Number(size), sha256, traceId });
  const { mediaId, uploadUrl = "", headers: signed = {} } = announced.json;
  expect((await send({ url: uploadUrl, headers: signed }, file.bytes)).status).toBe(200);
  const completed = await call("/api/v1/uploads/complete", { mediaId });
  return { mediaId: String(mediaId), answered: completed.headers };
}

/** Marks what is in the queue by fakes, until the picture can be seen. */
async function markAll(server: RunningServer, mediaId: string, tracer?: Tracer) {
  const logger = new RecordingLogger();
  const deps = { clock: systemClock, random: systemRandom, logger, ...(tracer && { tracer }) };
  await using connections = await openConnections(server.connections, deps);
  {
    await using worker = createMarkWorker(
      { ...connections, marker: new FakeMarker(), prover: new FakeProver(), ...deps },
      { concurrency: 1, originalsBudgetBytes: 1e8 },
    );
    worker.start();
    await expect
      .poll(async () => (await connections.repository.get([mediaId]))[0]?.state, { timeout: 10_000 })
      .toBe("marked");
  }
  const [row] = await connections.repository.get([mediaId]);
  const keys = [row!.objectKey, row!.markedKey!, row!.published!.proofKey];
  const metadata = await Promise.all(
    keys.map(async (key) => (await connections.store.head(key))?.metadata ?? {}),
  );
  return { logger, row: row!, metadata };
}

describe("a request's identity", () => {
  let installation: Installation;
  let server: RunningServer;
  beforeAll(async () => {
    installation = await embeddedInstallation();
    server = await startServer(installation);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  test("goes from the call over the queue to the worker's log and the marked object, beside the picture's trace", async () => {
    const caller = callerOf();
    const file = testFile();
    const { mediaId, answered } = await upload(server, file, caller.headers);
    expect(answered.get("x-request-id")).toBe(caller.requestId);
    expect(answered.get("traceparent")).toMatch(new RegExp(`^00-${caller.traceId}-(?!${caller.spanId})`));
    expect(server.logger.of("media.uploaded").at(-1)?.fields).toMatchObject({
      requestId: caller.requestId,
      traceId: file.announcement.traceId,
    });

    const connections = await server.open();
    await expect.poll(async () => (await connections.queue.stats()).ready, { timeout: 5_000 }).toBe(1);
    const leases = await connections.queue.take(1, { visibilityMs: 60_000, waitMs: 0 });
    expect(leases[0]?.payload).toMatchObject({
      traceId: file.announcement.traceId,
      cause: {
        requestId: caller.requestId,
        traceparent: answered.get("traceparent"),
        tracestate: TRACESTATE,
        baggage: BAGGAGE,
      },
    });
    await connections.queue.retry(leases[0]!, 0, "to be marked");
    await connections.close();

    const { logger, row, metadata } = await markAll(server, mediaId);
    expect(row.traceId).toBe(file.announcement.traceId);
    expect(logger.of("mark.finished")[0]?.fields).toMatchObject({
      requestId: caller.requestId,
      traceId: row.traceId,
    });
    const origin = { "trace-id": row.traceId, "request-id": caller.requestId };
    for (const each of metadata) expect(each).toMatchObject(origin);
    expect(server.logger.text + logger.text).not.toContain("hidden-in-baggage");
  });

  test("is made where the caller sends none, or nonsense", async () => {
    const answer = await fetch(`${server.url}/healthz`, {
      headers: { "x-request-id": "no spaces allowed", traceparent: "00-zz", tracestate: "a=1" },
    });
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});

describe("spans", () => {
  test("of a call continue the caller's trace, those of the mark are the picture's and linked to the call; no secret is in them", async () => {
    await using receiver = await OtlpReceiver.start();
    await using home = await embeddedInstallation();
    const settings = settingsSchema.parse({ ...home.settings, otlpEndpoint: receiver.url });
    const server = await startServer({ settings, [Symbol.asyncDispose]: async () => {} });
    const caller = callerOf();
    const file = testFile();
    const { mediaId, answered } = await upload(server, file, caller.headers);
    const tracing = { endpoint: receiver.url, service: "worker", version: "test" };
    const tracer = await openTracer(tracing, { logger: server.logger });
    await markAll(server, mediaId, tracer);
    await tracer.close();
    await server[Symbol.asyncDispose]();

    const [, , serverSpanId] = answered.get("traceparent")!.split("-");
    const [completion] = receiver.named("api/v1/uploads/complete");
    expect(completion).toMatchObject({
      traceId: caller.traceId,
      parentSpanId: caller.spanId,
      spanId: serverSpanId,
      traceState: TRACESTATE,
      kind: 2,
      service: "platemark-server",
      attributes: { "http.response.status_code": 200, "platemark.request.id": caller.requestId },
    });
    const below = receiver.spans.filter(({ parentSpanId }) => parentSpanId === serverSpanId);
    expect(below.map(({ name }) => name)).toContain("database.change");
    expect(below.map(({ name }) => name)).toContain("store.head");

    const [mark] = receiver.named("mark");
    expect(mark).toMatchObject({
      traceId: file.announcement.traceId,
      parentSpanId: "",
      kind: 5,
      service: "worker",
      links: [{ traceId: caller.traceId, spanId: serverSpanId }],
    });
    for (const name of ["fetch", "draw", "prove", "publish"])
      expect(receiver.named(name)[0]).toMatchObject({
        traceId: file.announcement.traceId,
        parentSpanId: mark!.spanId,
      });
    for (const secret of ["eyJ", "X-Amz-Signature", "hidden-in-baggage"])
      expect(receiver.raw).not.toContain(secret);
  });

  test("come from the worker's process too, and what it does is among the server's metrics", async () => {
    await using receiver = await OtlpReceiver.start();
    await using home = await embeddedInstallation();
    const settings = settingsSchema.parse({
      ...home.settings,
      tokenSecret: SECRET,
      logLevel: "silent",
      otlpEndpoint: receiver.url,
      metricsPort: 0,
    });
    const logger = new RecordingLogger();
    const stop = new AbortController();
    const started = Promise.withResolvers<string>();
    const { signal } = stop;
    const onStarted = ({ url }: { url: string }) => started.resolve(url);
    const serving = serve({ settings, port: 0, logger, signal, onStarted });
    serving.catch(started.reject);
    const url = await started.promise;
    const token = () => mintToken({ secret: SECRET, user: USER, bucket: settings.s3Bucket, now: Date.now() });
    const bytes = await sharp({ create: { width: 64, height: 48, channels: 3, background: "#456" } })
      .jpeg()
      .toBuffer();
    const caller = callerOf();
    await upload({ url, token }, testFile(0, {}, bytes), caller.headers);
    const metrics = String(logger.of("metrics.started")[0]?.fields.url);
    await expect
      .poll(async () => await (await fetch(metrics)).text(), { timeout: 15_000, interval: 200 })
      .toContain('platemark_picture_transitions_total{state="marked"} 1');
    stop.abort();
    await serving;
    expect(receiver.named("mark")[0]).toMatchObject({
      service: "platemark-worker",
      attributes: { "platemark.outcome": "marked", "platemark.request.id": caller.requestId },
      links: [{ traceId: caller.traceId }],
    });
  });

  test("of a caller who does not sample are not sent, and the trace goes on all the same", async () => {
    await using receiver = await OtlpReceiver.start();
    const tracing = { endpoint: `${receiver.url}/v1/traces`, service: "test", version: "" };
    const tracer = await openTracer(tracing, { logger: new RecordingLogger() });
    const cause = { ...callerOf("00").headers, requestId: "r" };
    for (const flags of ["00", "01"])
      tracer
        .start(`flags ${flags}`, {
          parent: { ...cause, traceparent: cause.traceparent.replace(/..$/, flags) },
        })
        .end();
    const silent = tracer.start("silent", { parent: cause });
    const headers = tracer.within(silent, cause, () => tracer.outgoing());
    expect(headers).toMatchObject({ "x-request-id": "r", tracestate: TRACESTATE, baggage: BAGGAGE });
    expect(headers.traceparent).toMatch(new RegExp(`^${cause.traceparent.slice(0, 35)}-[0-9a-f]{16}-00$`));
    await tracer.close();
    expect(receiver.spans.map(({ name }) => name)).toEqual(["flags 01"]);
  });
});

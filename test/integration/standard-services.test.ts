import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import { settingsSchema } from "#contracts/settings.ts";
import { ServerReflection } from "#standard/grpc/reflection/v1/reflection_pb.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#standard/health/v1/health_pb.ts";
import { describeReal, real } from "../support/real-components.ts";
import { embeddedInstallation, type Installation, startServer } from "./server-harness.ts";

const SCRIPT = fileURLToPath(new URL("../fixtures/grpc/ask_server.py", import.meta.url));

function reflecting({ settings }: Installation, reflection: boolean): Installation {
  return {
    settings: settingsSchema.parse({ ...settings, reflection }),
    [Symbol.asyncDispose]: async () => {},
  };
}

function clientOf(service: typeof Health | typeof ServerReflection, baseUrl: string) {
  return createClient(service, createGrpcTransport({ baseUrl }));
}

test("health is told to everybody, by service, in one go and as it changes", async () => {
  await using home = await embeddedInstallation();
  const server = await startServer(home);
  const health = clientOf(Health, server.url) as ReturnType<typeof createClient<typeof Health>>;
  expect((await health.check({})).status).toBe(Status.SERVING);
  expect((await health.check({ service: "platemark.v1.MediaService" })).status).toBe(Status.SERVING);
  await expect(health.check({ service: "no.such.Service" })).rejects.toMatchObject({ code: Code.NotFound });
  const { statuses } = await health.list({});
  expect(Object.keys(statuses)).toEqual(expect.arrayContaining(["", "platemark.v1.HealthService"]));

  const seen: Status[] = [];
  const unknown = health.watch({ service: "no.such.Service" })[Symbol.asyncIterator]();
  expect((await unknown.next()).value?.status).toBe(Status.SERVICE_UNKNOWN);
  const watching = (async () => {
    for await (const { status } of health.watch({})) seen.push(status);
  })().catch((error: unknown) => ConnectError.from(error).code);
  await expect.poll(() => seen).toEqual([Status.SERVING]);
  await server[Symbol.asyncDispose]();
  expect(await watching).toBe(Code.Unavailable);
});

test("reflection answers nobody unless a setting wants it", async () => {
  await using home = await embeddedInstallation();
  await using server = await startServer(reflecting(home, false));
  const reflection = clientOf(ServerReflection, server.url) as ReturnType<
    typeof createClient<typeof ServerReflection>
  >;
  const asking = reflection.serverReflectionInfo(
    (async function* () {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
    })(),
  );
  await expect(asking[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Code.Unimplemented });
});

test("reflection answers one question after the other, also those it has no answer to", async () => {
  await using home = await embeddedInstallation();
  await using server = await startServer(reflecting(home, true));
  const reflection = clientOf(ServerReflection, server.url) as ReturnType<
    typeof createClient<typeof ServerReflection>
  >;
  const questions = [
    { case: "fileByFilename" as const, value: "platemark/v1/errors.proto" },
    { case: "fileContainingSymbol" as const, value: "no.such.Symbol" },
    { case: "fileContainingSymbol" as const, value: "grpc.health.v1.HealthCheckResponse.SERVING" },
    { case: undefined },
  ];
  const answers = [];
  for await (const { messageResponse } of reflection.serverReflectionInfo(
    (async function* () {
      for (const messageRequest of questions) yield { messageRequest };
    })(),
  ))
    answers.push(messageResponse);
  expect(answers.map((answer) => answer.case)).toEqual([
    "fileDescriptorResponse",
    "errorResponse",
    "fileDescriptorResponse",
    "errorResponse",
  ]);
});

describeReal("with grpcio's packages for health and reflection", ["python"], () => {
  const run = promisify(execFile);
  const ask = async (url: string, what: string) => {
    const { stdout } = await run(real("python")!, [SCRIPT, new URL(url).host, what]);
    return JSON.parse(stdout);
  };

  test("health is understood, and a watcher hears that the server stops", { timeout: 30_000 }, async () => {
    await using home = await embeddedInstallation();
    const server = await startServer(home);
    expect(await ask(server.url, "health")).toEqual({
      "": "SERVING",
      "platemark.v1.UploadService": "SERVING",
      "no.such.Service": "NOT_FOUND",
    });
    const watcher = spawn(real("python")!, [SCRIPT, new URL(server.url).host, "watch", ""]);
    const lines = createInterface(watcher.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("SERVING");
    await server[Symbol.asyncDispose]();
    const rest: string[] = [];
    for await (const line of { [Symbol.asyncIterator]: () => lines }) rest.push(line);
    expect(rest.at(-1)).toBe("UNAVAILABLE");
  });

  test("a client that knows nothing learns the services, and calls one", { timeout: 30_000 }, async () => {
    await using home = await embeddedInstallation();
    await using server = await startServer(reflecting(home, true));
    expect(await ask(server.url, "reflect")).toEqual({
      services: expect.arrayContaining([
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "platemark.v1.MediaService",
        "platemark.v1.UploadService",
      ]),
      version: "test",
      extensions: [50101],
      extension: "platemark/v1/options.proto",
      symbols: ["platemark/v1/uploads.proto", "platemark/v1/health.proto"],
      unknown: Code.NotFound,
    });
  });
});

/**
 * One server of the edge's benchmark, in a process of its own: `edge`, `edge-token`, `connect-node` or `grpc-js`. All
 * answer MediaService.GetMedia with the same message. Says its port, and its CPU time when it is asked.
 */
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { GetMediaRequestSchema, GetMediaResponseSchema, MediaService, MediaState } from "#gen/media_pb.ts";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import { createPinoLogger } from "../../server/adapters/log/pino-logger.ts";
import { ADMIT_ALL } from "../../server/edge/admission/admission.ts";
import { createAuthorization } from "../../server/edge/admission/authorization.ts";
import { createDispatcher } from "../../server/edge/dispatcher.ts";
import { HttpServer } from "../../server/edge/listener/http-server.ts";
import { decideCors } from "../../server/edge/origins/cors.ts";
import { createOriginList } from "../../server/edge/origins/origin-list.ts";
import { rpcEndpoints } from "../../server/edge/rpc-endpoints.ts";
import { secretKeys } from "../../server/edge/tokens/secret-key.ts";
import { createTokenAuthenticator } from "../../server/edge/tokens/token-authenticator.ts";
import { RpcMethods } from "../../server/rpc/rpc-methods.ts";

export type ServerKind = "edge" | "edge-token" | "connect-node" | "grpc-js";
export interface Ports {
  readonly h2: number;
  /** 0: this server has no JSON. */
  readonly h1: number;
}

const ANSWER = create(GetMediaResponseSchema, {
  items: [
    {
      id: "0190a8f0-5c1e-7d3a-9b6e-2f4d8c1a7e55",
      owner: "studio",
      fileName: "IMG_0001.JPG",
      size: 4_812_331n,
      contentType: "image/jpeg",
      sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      objectKey: "raw/studio/0190a8f0-5c1e-7d3a-9b6e-2f4d8c1a7e55.jpg",
      state: MediaState.MARKED,
      traceId: "0af7651916cd43dd8448eb211c80319c",
      version: 4n,
      createdAtMs: 1_764_000_000_000n,
      updatedAtMs: 1_764_000_012_345n,
    },
  ],
  sequence: 42n,
});
const SECRET = process.env.BENCH_SECRET ?? "";
const getMedia = () => ANSWER;

const STARTS: Readonly<Record<ServerKind, () => Promise<Ports>>> = {
  edge: () => startEdge(async () => null),
  "edge-token": () => {
    const deps = { keys: secretKeys(SECRET), clock: systemClock };
    const authenticator = createTokenAuthenticator(deps, {
      audience: "platemark",
      issuer: null,
      toleranceSeconds: 5,
    });
    return startEdge(createAuthorization({ authenticator }));
  },
  "connect-node": startConnectNode,
  "grpc-js": startGrpcJs,
};

async function startEdge(authorize: Parameters<typeof createDispatcher>[0]["authorize"]): Promise<Ports> {
  const methods = new RpcMethods({
    shutdown: new AbortController().signal,
    maxMessageBytes: 8 * 1024 * 1024,
    maxTimeoutMs: 3_600_000,
  }).service(MediaService, { getMedia });
  const handle = createDispatcher({
    decideOrigin: (request) => decideCors(createOriginList([]), request),
    probes: new Map(),
    admission: ADMIT_ALL,
    authorize,
    endpoints: new Map(rpcEndpoints(methods)),
    clock: systemClock,
    random: systemRandom,
    logger: createPinoLogger({ level: "warn" }),
  });
  const server = new HttpServer(handle, { host: "127.0.0.1", port: 0 }, { clock: systemClock });
  const port = await server.listen();
  return { h2: port, h1: port };
}

async function startConnectNode(): Promise<Ports> {
  const handle = connectNodeAdapter({ routes: (router) => router.service(MediaService, { getMedia }) });
  return { h1: await listening(createHttpServer(handle)), h2: await listening(createHttp2Server(handle)) };
}

function listening(server: ReturnType<typeof createHttpServer> | ReturnType<typeof createHttp2Server>) {
  return new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

async function startGrpcJs(): Promise<Ports> {
  const server = new Server();
  const implementation: UntypedServiceImplementation = {
    getMedia: (_call: unknown, reply: (error: null, message: typeof ANSWER) => void) => reply(null, ANSWER),
  };
  server.addService(
    {
      getMedia: {
        path: "/platemark.v1.MediaService/GetMedia",
        requestStream: false,
        responseStream: false,
        requestSerialize: (message: MessageShape<typeof GetMediaRequestSchema>) =>
          Buffer.from(toBinary(GetMediaRequestSchema, message)),
        requestDeserialize: (bytes: Buffer) => fromBinary(GetMediaRequestSchema, bytes),
        responseSerialize: (message: typeof ANSWER) => Buffer.from(toBinary(GetMediaResponseSchema, message)),
        responseDeserialize: (bytes: Buffer) => fromBinary(GetMediaResponseSchema, bytes),
      },
    },
    implementation,
  );
  const h2 = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
  return { h2, h1: 0 };
}

const start = STARTS[process.argv[2] as ServerKind];
process.on("message", () => process.send!(process.cpuUsage()));
process.once("disconnect", () => process.exit());
process.send!(await start());

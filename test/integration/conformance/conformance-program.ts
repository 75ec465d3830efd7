/**
 * The server under test, as connectconformance starts it: reads one ServerCompatRequest from standard input, serves the
 * conformance service through the product's own edge, and says where. Its argument is the compiled schema's path.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import { ADMIT_ALL } from "../../../server/edge/admission/admission.ts";
import { createDispatcher } from "../../../server/edge/dispatcher.ts";
import { HttpServer } from "../../../server/edge/listener/http-server.ts";
import { rpcEndpoints } from "../../../server/edge/rpc-endpoints.ts";
import { RpcMethods } from "../../../server/rpc/rpc-methods.ts";
import { RecordingLogger } from "../../fakes/recording-logger.ts";
import { ConformanceSchema } from "./conformance-schema.ts";
import { conformanceHandlers } from "./conformance-service.ts";

interface CompatRequest {
  readonly useTls: boolean;
  readonly clientTlsCert: Uint8Array;
  readonly messageReceiveLimit: number;
  readonly serverCreds?: { readonly cert: Uint8Array; readonly key: Uint8Array };
}

const schema = await ConformanceSchema.read(process.argv[2]!);
const asked = fromBinary(
  schema.message("ServerCompatRequest"),
  await readDelimited(),
) as unknown as CompatRequest;

const methods = new RpcMethods({
  shutdown: new AbortController().signal,
  maxMessageBytes: asked.messageReceiveLimit || 8 * 1024 * 1024,
  jsonOptions: { registry: schema.registry },
}).service(schema.service, conformanceHandlers(schema));

const handle = createDispatcher({
  decideOrigin: () => ({ kind: "none", headers: {} }),
  probes: new Map(),
  admission: ADMIT_ALL,
  authorize: async () => null,
  endpoints: new Map(rpcEndpoints(methods)),
  clock: systemClock,
  random: systemRandom,
  logger: new RecordingLogger(),
});

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const tls = asked.useTls
  ? {
      cert: text(asked.serverCreds!.cert),
      key: text(asked.serverCreds!.key),
      ...(asked.clientTlsCert.length > 0 ? { clientCa: text(asked.clientTlsCert) } : {}),
    }
  : undefined;
const server = new HttpServer(
  handle,
  { host: "127.0.0.1", port: 0, ...(tls ? { tls } : {}) },
  { clock: systemClock },
);
const port = await server.listen();
const response = { host: "127.0.0.1", port, ...(tls ? { pemCert: asked.serverCreds!.cert } : {}) };
const compat = schema.message("ServerCompatResponse");
const bytes = toBinary(compat, create(compat, response as Record<string, unknown>));
const size = Buffer.alloc(4);
size.writeUInt32BE(bytes.length);
process.stdout.write(Buffer.concat([size, bytes]));
process.once("SIGTERM", () => process.exit());

async function readDelimited(): Promise<Uint8Array> {
  let read = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    read = Buffer.concat([read, chunk as Buffer]);
    if (read.length >= 4 && read.length >= 4 + read.readUInt32BE())
      return read.subarray(4, 4 + read.readUInt32BE());
  }
  throw new Error("The runner has closed standard input before it said what it wants.");
}

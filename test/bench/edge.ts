/**
 * What one unary call costs the server, beside bare connect-node and @grpc/grpc-js in the same run:
 *   npm run bench:edge -- [--json] [--rounds 7] [--calls 2000]
 *
 * CPU microseconds a call, of the server's own process (user and system), calls eight at once. Every server answers
 * with the same message of 300 bytes; the client is the same for all: grpc-js for gRPC over HTTP/2, undici for JSON over
 * HTTP/1.1. The rounds of the servers alternate. `edge-token` also verifies an HS256 token at each call.
 * The last line: milliseconds until the answer to one SignParts with 10,000 parts has come, on a whole server with its
 * embedded store, in this process.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { Pool } from "undici";
import { createControlPlaneClient } from "#contracts/client.ts";
import { settingsSchema } from "#contracts/settings.ts";
import { GetMediaRequestSchema } from "#gen/media_pb.ts";
import { SignPartsRequestSchema, SignPartsResponseSchema } from "#gen/uploads_pb.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { createServer } from "../../server/create-server.ts";
import { mintToken } from "../../server/edge/tokens/mint-token.ts";
import type { Ports, ServerKind } from "./edge-server.ts";
import { printReport, sampled } from "./report.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    rounds: { type: "string", default: "7" },
    calls: { type: "string", default: "2000" },
  },
});
const ROUNDS = Number(values.rounds);
const CALLS = Number(values.calls);
const AT_ONCE = 8;
const SECRET = "a-secret-of-this-benchmark-alone-0123";
const KINDS: readonly ServerKind[] = ["edge", "edge-token", "connect-node", "grpc-js"];
const PATH = "/platemark.v1.MediaService/GetMedia";
const PARTS = 10_000;
const PART_BYTES = 8 * 1024 * 1024;

interface Peer {
  readonly kind: ServerKind;
  readonly process: ChildProcess;
  readonly grpc: () => Promise<void>;
  /** `null`: it speaks none. */
  readonly json: (() => Promise<void>) | null;
  cpuUs(): Promise<number>;
}

async function startPeer(kind: ServerKind): Promise<Peer> {
  const child = fork(fileURLToPath(new URL("./edge-server.ts", import.meta.url)), [kind], {
    env: { ...process.env, BENCH_SECRET: SECRET },
  });
  const [{ h1, h2 }] = (await once(child, "message")) as [Ports];
  const token = await mintToken({ secret: SECRET, user: "studio", bucket: "b", now: Date.now() });
  const authorization = `Bearer ${token}`;
  const client = new Client(`127.0.0.1:${h2}`, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("authorization", authorization);
  const request = Buffer.from(
    toBinary(GetMediaRequestSchema, create(GetMediaRequestSchema, { ids: ["0190"] })),
  );
  const grpc = () =>
    new Promise<void>((resolve, reject) => {
      const plain = (bytes: Buffer) => bytes;
      client.makeUnaryRequest(PATH, plain, plain, request, metadata, (error, bytes) => {
        if (error || !bytes || bytes.length < 200) reject(error ?? new Error(`${kind}: a wrong answer`));
        else resolve();
      });
    });
  const pool = new Pool(`http://127.0.0.1:${h1}`, { connections: AT_ONCE });
  const json = async () => {
    const { statusCode, body } = await pool.request({
      method: "POST",
      path: PATH,
      headers: { "content-type": "application/json", authorization },
      body: '{"ids":["0190"]}',
    });
    const text = await body.text();
    if (statusCode !== 200 || text.length < 200) throw new Error(`${kind}: ${statusCode} ${text}`);
  };
  const cpuUs = async () => {
    child.send("cpu");
    const [{ user, system }] = (await once(child, "message")) as [NodeJS.CpuUsage];
    return user + system;
  };
  return { kind, process: child, grpc, json: h1 === 0 ? null : json, cpuUs };
}

async function perCall(peer: Peer, call: () => Promise<void>): Promise<number> {
  const before = await peer.cpuUs();
  let left = CALLS;
  const lane = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return ((await peer.cpuUs()) - before) / CALLS;
}

interface Signing {
  readonly tookMs: number[];
  readonly cpuMs: number[];
}

async function signTenThousand(): Promise<Signing> {
  const home = await mkdtemp(join(tmpdir(), "platemark-bench-edge-"));
  const settings = settingsSchema.parse({ home });
  const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const server = createServer({ settings, auth: { kind: "signed", secret: SECRET } }, deps);
  try {
    const { url } = await server.start();
    const token = () =>
      mintToken({ secret: SECRET, user: "studio", bucket: settings.s3Bucket, now: Date.now() });
    const { uploads } = createControlPlaneClient({ baseUrl: url, token });
    const announced = {
      fileName: "large.tif",
      size: BigInt(PARTS) * BigInt(PART_BYTES),
      sha256: "ab".repeat(32),
      traceId: "cd".repeat(16),
    };
    const { items } = await uploads.createUploads({ items: [announced] });
    const ticket = items[0]!;
    if (ticket.how.case !== "multipart") throw new Error(`The upload is ${ticket.how.case}.`);
    const { uploadId, partSize, partCount } = ticket.how.value;
    const parts = Array.from({ length: partCount }, (_, index) => ({
      partNumber: index + 1,
      size: partSize,
    }));
    const tookMs: number[] = [];
    const cpuMs: number[] = [];
    const request = create(SignPartsRequestSchema, { mediaId: ticket.mediaId, uploadId, parts });
    const body = toBinary(SignPartsRequestSchema, request);
    const pool = new Pool(url);
    for (let round = 0; round < ROUNDS + 1; round++) {
      const started = performance.now();
      const before = process.cpuUsage();
      const answer = await pool.request({
        method: "POST",
        path: "/platemark.v1.UploadService/SignParts",
        headers: { "content-type": "application/proto", authorization: `Bearer ${await token()}` },
        body,
      });
      const bytes = new Uint8Array(await answer.body.arrayBuffer());
      const { user, system } = process.cpuUsage(before);
      if (round > 0) {
        tookMs.push(performance.now() - started);
        cpuMs.push((user + system) / 1000);
      }
      const signed = fromBinary(SignPartsResponseSchema, bytes);
      if (signed.parts.length !== partCount) throw new Error(`${signed.parts.length} parts came back.`);
    }
    await pool.close();
    return { tookMs, cpuMs };
  } finally {
    await server[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  }
}

const peers = await Promise.all(KINDS.map(startPeer));
const samples = new Map<string, number[]>();
for (let round = 0; round <= ROUNDS; round++)
  for (const peer of peers)
    for (const protocol of ["grpc", "json"] as const) {
      const call = peer[protocol];
      if (!call) continue;
      const name = `${protocol} ${peer.kind}`;
      const us = await perCall(peer, call);
      // The first round warms the machine code.
      if (round > 0) samples.set(name, [...(samples.get(name) ?? []), us]);
    }
for (const peer of peers) peer.process.disconnect();

const rows = ["grpc", "json"].flatMap((protocol) =>
  KINDS.filter((kind) => samples.has(`${protocol} ${kind}`)).map((kind) => {
    const { median, min, max } = sampled(samples.get(`${protocol} ${kind}`)!);
    const peer = (name: ServerKind) => samples.get(`${protocol} ${name}`);
    const ratio = (name: ServerKind) => {
      const other = peer(name);
      return other ? Number((median / sampled(other).median).toFixed(2)) : null;
    };
    return {
      protocol,
      server: kind,
      cpuUs: Math.round(median),
      spread: `${Math.round(min)}–${Math.round(max)}`,
      "÷ connect-node": ratio("connect-node"),
      "÷ grpc-js": ratio("grpc-js"),
    };
  }),
);
const signing = await signTenThousand();
const rounded = (numbers: number[]) => {
  const { median, min, max, n } = sampled(numbers.map(Math.round));
  return { median, min, max, n };
};
printReport("edge", rows, {
  signParts10000Ms: rounded(signing.tookMs),
  signParts10000CpuMs: rounded(signing.cpuMs),
});
process.exit();

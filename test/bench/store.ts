/**
 * The embedded object store against MinIO, in the same run and on the same disk:
 *   npm run bench:store -- [--json] [--rounds 9] [--objects 200]
 *
 * put-64m, get-64m     one object of 64 MiB, milliseconds each
 * put-100k, get-100k   objects of 100 KiB, eight at once, milliseconds per object
 *
 * Requests are what Platemark's upload engine sends: presigned, with a signed SHA-256 that the store verifies. The rounds
 * of the two servers alternate. MinIO comes from the PLATEMARK_TEST_* variables (node scripts/real-components.ts start DIR).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Pool } from "undici";
import { presignUrl } from "../../server/sigv4/sign.ts";
import { printReport, sampled } from "./report.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    rounds: { type: "string", default: "9" },
    objects: { type: "string", default: "200" },
  },
});
const ROUNDS = Number(values.rounds);
const OBJECTS = Number(values.objects);
const AT_ONCE = 8;
const BUCKET = `bench-store-${process.pid}`;

interface Peer {
  readonly name: "embedded" | "minio";
  readonly origin: string;
  readonly pool: Pool;
  readonly credentials: { readonly accessKey: string; readonly secretKey: string };
}

interface Body {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

function body(size: number): Body {
  const bytes = randomBytes(size);
  const sha256 = createHash("sha256").update(bytes).digest("base64");
  return {
    bytes,
    headers: {
      "content-length": String(size),
      "content-type": "image/jpeg",
      "x-amz-checksum-sha256": sha256,
    },
  };
}

async function send(
  peer: Peer,
  method: "PUT" | "GET" | "DELETE",
  path: string,
  content?: Body,
): Promise<number> {
  const headers = content?.headers ?? {};
  const url = presignUrl({
    method,
    url: `${peer.origin}/${BUCKET}${path}`,
    headers,
    credentials: peer.credentials,
    region: "us-east-1",
    expiresSeconds: 600,
    now: Date.now(),
  });
  const response = await peer.pool.request({
    method,
    path: url.slice(peer.origin.length),
    headers,
    body: content?.bytes ?? null,
  });
  let received = 0;
  for await (const chunk of response.body) received += (chunk as Buffer).length;
  if (response.statusCode >= 300) throw new Error(`${peer.name}: ${method} answered ${response.statusCode}`);
  return received;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function eightAtOnce(work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < OBJECTS) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

const large = body(64 * 1024 * 1024);
const small = body(100 * 1024);

const CASES: Readonly<Record<string, (peer: Peer) => Promise<number>>> = {
  "put-64m": (peer) => timed(() => send(peer, "PUT", "/large", large)),
  "get-64m": (peer) =>
    timed(async () => {
      const received = await send(peer, "GET", "/large");
      if (received !== large.bytes.length) throw new Error(`${peer.name}: ${received} bytes came back`);
    }),
  "put-100k": async (peer) =>
    (await timed(() => eightAtOnce((index) => send(peer, "PUT", `/small/${index}`, small)))) / OBJECTS,
  "get-100k": async (peer) =>
    (await timed(() => eightAtOnce((index) => send(peer, "GET", `/small/${index}`)))) / OBJECTS,
};

async function embedded(dataDir: string): Promise<{ peer: Peer; process: ChildProcess }> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("../support/store-process.ts", import.meta.url)), dataDir],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const origin = await new Promise<string>((resolve, reject) => {
    child.once("exit", () => reject(new Error("The embedded store did not start.")));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line.startsWith("http")) resolve(line);
    });
  });
  const credentials = { accessKey: "store-process", secretKey: "store-process-secret" };
  return { peer: { name: "embedded", origin, pool: new Pool(origin), credentials }, process: child };
}

function minio(): Peer {
  const origin = process.env.PLATEMARK_TEST_MINIO_URL;
  if (!origin) {
    process.stderr.write("PLATEMARK_TEST_MINIO_URL is not set; start the real components first.\n");
    process.exit(3);
  }
  const credentials = {
    accessKey: process.env.PLATEMARK_TEST_MINIO_ACCESS_KEY ?? "platemark-test",
    secretKey: process.env.PLATEMARK_TEST_MINIO_SECRET_KEY ?? "platemark-test-secret",
  };
  return { name: "minio", origin, pool: new Pool(origin), credentials };
}

const dataDir = mkdtempSync(join(tmpdir(), "platemark-bench-store-"));
const store = await embedded(dataDir);
const peers = [store.peer, minio()];
try {
  const rows: Record<string, unknown>[] = [];
  const ratios: Record<string, number> = {};
  for (const peer of peers) await send(peer, "PUT", "");
  for (const [name, run] of Object.entries(CASES)) {
    const samples = new Map<string, number[]>(peers.map((peer) => [peer.name, []]));
    for (const peer of peers) await run(peer);
    for (let round = 0; round < ROUNDS; round++)
      for (const peer of round % 2 === 0 ? peers : peers.toReversed())
        samples.get(peer.name)!.push(await run(peer));
    const medians = peers.map((peer) => {
      const { n, median, min, max } = sampled(samples.get(peer.name)!);
      rows.push({ case: name, store: peer.name, rounds: n, median, min, max });
      return median;
    });
    ratios[name] = Number((medians[0]! / medians[1]!).toFixed(2));
  }
  printReport("store", rows, { unit: "ms", timesMinio: ratios });
} finally {
  for (const peer of peers) {
    await send(peer, "DELETE", "/large").catch(() => undefined);
    await eightAtOnce((index) => send(peer, "DELETE", `/small/${index}`)).catch(() => undefined);
    await send(peer, "DELETE", "").catch(() => undefined);
    await peer.pool.close();
  }
  store.process.kill();
  rmSync(dataDir, { recursive: true, force: true });
}

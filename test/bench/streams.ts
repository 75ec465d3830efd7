/**
 * What idle streams cost the server: memory for 1,000 of them, over HTTP/2 (10 connections × 100) and over websockets
 * (1,000), and CPU time a second while nothing happens, beside the same server without streams.
 * `node test/bench/streams.ts [--streams 1000] [--seconds 10] [--json]`
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { printReport } from "./report.ts";
import type { Use } from "./streams-server.ts";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "1000" },
    seconds: { type: "string", default: "10" },
    json: { type: "boolean" },
  },
});
const STREAMS = Number(values.streams);
const SECONDS = Number(values.seconds);
const STREAMS_OF_A_CONNECTION = 100;
/** Stays below the sockets that one address may have. */
const SOCKETS_OF_AN_ADDRESS = 200;
const PATH = "/platemark.v1.MediaService/WatchMedia";
/** `WatchMediaRequest {}` with its frame. */
const CALL = Buffer.alloc(5);
const token = randomBytes(32).toString("base64url");

interface Streams {
  close(): Promise<void>;
}

async function overHttp2(url: string): Promise<Streams> {
  const sessions = Array.from({ length: Math.ceil(STREAMS / STREAMS_OF_A_CONNECTION) }, () => connect(url));
  const opened = Array.from({ length: STREAMS }, async (_, at) => {
    const stream = sessions[at % sessions.length]!.request({
      ":method": "POST",
      ":path": PATH,
      "content-type": "application/grpc+proto",
      te: "trailers",
      authorization: `Bearer ${token}`,
    });
    stream.on("error", () => {});
    stream.end(CALL);
    await once(stream, "data");
  });
  await Promise.all(opened);
  return {
    async close() {
      await Promise.all(
        sessions.map(
          (session) =>
            new Promise<void>((resolve) => {
              session.once("close", resolve);
              session.destroy();
            }),
        ),
      );
    },
  };
}

async function overWebSockets(url: string): Promise<Streams> {
  const sockets: WebSocket[] = [];
  for (let at = 0; at < STREAMS; at++) {
    const localAddress = `127.0.0.${1 + Math.floor(at / SOCKETS_OF_AN_ADDRESS)}`;
    const ws = new WebSocket(`${url.replace("http", "ws")}${PATH}`, ["grpc-websockets"], { localAddress });
    ws.on("error", (error) => {
      throw error;
    });
    sockets.push(ws);
    // Headers, and the message that opens the stream.
    let messages = 0;
    const opening = new Promise<void>((resolve) => ws.on("message", () => ++messages === 2 && resolve()));
    await once(ws, "open");
    ws.send(Buffer.from(`content-type: application/grpc-web+proto\r\nauthorization: Bearer ${token}\r\n`));
    ws.send(Buffer.concat([Buffer.of(0), CALL]));
    ws.send(Buffer.of(1));
    await opening;
  }
  return {
    async close() {
      for (const ws of sockets) ws.terminate();
      await Promise.resolve();
    },
  };
}

async function ask(server: ChildProcess): Promise<Use> {
  server.send("use");
  const [use] = await once(server, "message");
  return use as Use;
}

async function idle(server: ChildProcess): Promise<number> {
  const before = await ask(server);
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  return ((await ask(server)).cpuMs - before.cpuMs) / SECONDS;
}

async function measure(name: string, open: ((url: string) => Promise<Streams>) | null) {
  const home = await mkdtemp(join(tmpdir(), "platemark-streams-"));
  const server = fork(new URL("./streams-server.ts", import.meta.url), [home, token], {
    execArgv: ["--expose-gc"],
  });
  const [url] = await once(server, "message");
  const before = await ask(server);
  const streams = await open?.(url as string);
  const after = await ask(server);
  const cpuMs = await idle(server);
  await streams?.close();
  server.disconnect();
  await once(server, "exit");
  await rm(home, { recursive: true, force: true });
  const grownMiB = after.rssMiB - before.rssMiB;
  return {
    streams: name,
    "RSS before, MiB": Math.round(before.rssMiB),
    "grown by, MiB": Math.round(grownMiB),
    "heap grown by, MiB": Math.round(after.heapMiB - before.heapMiB),
    "KiB a stream": open ? Math.round((grownMiB * 1024) / STREAMS) : 0,
    "CPU ms a second, idle": Math.round(cpuMs * 10) / 10,
  };
}

printReport("Idle streams", [
  await measure("none", null),
  await measure(`${STREAMS} over HTTP/2`, overHttp2),
  await measure(`${STREAMS} over websockets`, overWebSockets),
]);

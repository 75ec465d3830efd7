import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { ConnectionLimits } from "../../server/edge/listener/connection-limits.ts";
import { HttpServer } from "../../server/edge/listener/http-server.ts";
import type { NodeServerRequest, NodeServerResponse } from "../../server/edge/listener/node-http.ts";
import { END_HEADERS, END_STREAM, FRAME, frame, headerBlock, RawHttp2 } from "../support/raw-http2.ts";

/** Long enough for a healthy client on a busy machine: attackers and server share this process. */
const TIMES = { firstByteMs: 1_500, headersMs: 1_500, requestMs: 2_000, idleMs: 1_500, stallMs: 1_500 };
const PER_ADDRESS = 40;
const MIB = 1024 * 1024;

let server: HttpServer;
let port: number;
/** Bytes that answers to `/large` have got rid of. */
let written: number;

function handle(asked: NodeServerRequest, response: NodeServerResponse): void {
  if (asked.url === "/large") {
    const chunk = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (!response.destroyed && written < 64 * MIB) {
        written += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
    return;
  }
  asked.on("data", () => {});
  asked.on("error", () => {});
  asked.once("end", () => response.end("well"));
}

beforeEach(async () => {
  written = 0;
  const limits = new ConnectionLimits({ total: 100, perAddress: PER_ADDRESS });
  server = new HttpServer(
    handle,
    { host: "127.0.0.1", port: 0, drainMs: 0, limits, times: TIMES },
    { clock: systemClock },
  );
  port = await server.listen();
});
afterEach(() => server[Symbol.asyncDispose]());

/** Somebody else, at another address, is answered meanwhile. */
function healthy(): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: "127.0.0.1", localAddress: "127.0.0.2", agent: false }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.once("end", () => resolve(text));
    });
    asking.once("error", reject).end();
  });
}

function rawHttp1(first: string): { socket: Socket; closed: Promise<string> } {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    received += chunk;
  });
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(received)));
  if (first !== "") socket.write(first);
  return { socket, closed };
}

/** Sends a byte each so often, for as long as the server lets it. */
function drip(socket: Socket, byte: string): void {
  const dripping = setInterval(() => socket.writable && socket.write(byte), 50);
  socket.once("close", () => clearInterval(dripping));
}

/** While the attack goes on, others are answered; in the end the attackers' connections are closed. */
async function survives(attacks: readonly Promise<unknown>[]): Promise<void> {
  const over = Promise.all(attacks).then(() => true);
  do expect(await healthy()).toBe("well");
  while (!(await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 50))])));
  expect(await healthy()).toBe("well");
  await expect.poll(() => server.traffic().open, { timeout: 5_000 }).toBe(0);
}

describe("over HTTP/1.1", { timeout: 20_000 }, () => {
  test("connections that say nothing are closed", () =>
    survives(Array.from({ length: 20 }, () => rawHttp1("").closed)));

  test("headers that come a byte at a time are cut off", async () => {
    const attackers = Array.from({ length: 20 }, () => rawHttp1("GET / HTTP/1.1\r\nx-slow: "));
    for (const { socket } of attackers) drip(socket, "a");
    await survives(attackers.map(({ closed }) => closed));
    expect(await attackers[0]!.closed).toMatch(/^HTTP\/1.1 408 /);
  });

  test("a body that comes a byte at a time is cut off", async () => {
    const head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n";
    const attackers = Array.from({ length: 20 }, () => rawHttp1(head));
    for (const { socket } of attackers) drip(socket, "a");
    await survives(attackers.map(({ closed }) => closed));
  });

  test.each([
    ["too large", `x-large: ${"a".repeat(20_000)}\r\n`],
    ["too many", Array.from({ length: 200 }, (_, n) => `x-${n}: 1\r\n`).join("")],
  ])("headers that are %s are answered with 431", async (_what, headers) => {
    const { closed } = rawHttp1(`GET / HTTP/1.1\r\nhost: x\r\n${headers}\r\n`);
    expect(await closed).toMatch(/^HTTP\/1.1 431 /);
    expect(await healthy()).toBe("well");
  });

  test("an answer that nobody takes is given up, and not kept in memory before that", async () => {
    const attackers = Array.from({ length: 10 }, () => rawHttp1("GET /large HTTP/1.1\r\nhost: x\r\n\r\n"));
    for (const { socket } of attackers) socket.removeAllListeners("data").pause();
    await expect.poll(() => written).toBeGreaterThan(0);
    await expect.poll(() => server.traffic().open, { timeout: 10_000 }).toBe(0);
    expect(written).toBeLessThan(attackers.length * 16 * MIB);
    for (const { socket } of attackers) socket.destroy();
    expect(await healthy()).toBe("well");
  });

  test("one address has so many connections, and leaves room for others", async () => {
    const crowd = Array.from({ length: 3 * PER_ADDRESS }, () => rawHttp1("GET / HTTP/1.1\r\nx-"));
    const refused = crowd.slice(PER_ADDRESS).map(({ closed }) => closed);
    expect(await healthy()).toBe("well");
    await Promise.all(refused);
    await survives(crowd.map(({ closed }) => closed));
  });
});

describe("over HTTP/2", { timeout: 20_000 }, () => {
  const head = (stream: number, path: string, flags: number) =>
    frame(FRAME.headers, flags | END_HEADERS, stream, headerBlock("POST", path));

  test("requests that are taken back at once, one after the other (CVE-2023-44487), end the connection", async () => {
    const client = new RawHttp2(port);
    const cancel = Buffer.from([0, 0, 0, 8]);
    await survives([
      client.flood((n) =>
        Buffer.concat([head(2 * n + 1, "/", END_STREAM), frame(FRAME.resetStream, 0, 2 * n + 1, cancel)]),
      ),
    ]);
  });

  test("a header block without an end (CONTINUATION flood) ends the connection", async () => {
    const client = new RawHttp2(port);
    client.write(frame(FRAME.headers, 0, 1, headerBlock("POST", "/")));
    const more = Buffer.concat([
      Buffer.from([0x00, 3]),
      Buffer.from("x-a"),
      Buffer.from([1]),
      Buffer.from("b"),
    ]);
    await survives([client.flood(() => frame(FRAME.continuation, 0, 1, more))]);
  });

  test.each([
    ["PING", () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ["SETTINGS", () => frame(FRAME.settings, 0, 0)],
    ["empty DATA", () => frame(FRAME.data, 0, 1)],
  ])("a flood of %s frames ends the connection", async (_what, next) => {
    const client = new RawHttp2(port);
    client.write(head(1, "/", 0));
    await survives([client.flood(next)]);
  });

  test("headers above the limit end the stream or the connection", async () => {
    const client = new RawHttp2(port);
    const large = Buffer.from("a".repeat(100));
    const pair = Buffer.concat([Buffer.from([0x00, 3]), Buffer.from("x-a"), Buffer.from([100]), large]);
    const pairs = Buffer.concat(Array.from({ length: 140 }, () => pair));
    client.write(frame(FRAME.headers, END_STREAM, 1, headerBlock("POST", "/")));
    client.write(frame(FRAME.continuation, END_HEADERS, 1, pairs));
    await expect.poll(() => client.resets.length > 0 || !client.isOpen).toBe(true);
    client.socket.destroy();
    expect(await healthy()).toBe("well");
  });

  test("a body that comes a byte at a time is cut off", async () => {
    const client = new RawHttp2(port);
    client.write(head(1, "/", 0));
    const dripping = setInterval(() => client.write(frame(FRAME.data, 0, 1, Buffer.from("a"))), 50);
    await expect.poll(() => client.resets, { timeout: 10_000 }).toEqual([1]);
    clearInterval(dripping);
    await survives([client.closed]);
  });

  test("answers to a client that takes nothing are given up, however it keeps its connection alive", async () => {
    const noWindow = Buffer.from([0, 4, 0, 0, 0, 0]);
    const client = new RawHttp2(port, noWindow);
    const streams = Array.from({ length: 20 }, (_, n) => 2 * n + 1);
    for (const stream of streams) client.write(head(stream, "/large", END_STREAM));
    const pinging = setInterval(() => client.write(frame(FRAME.ping, 0, 0, Buffer.alloc(8))), 100);
    await expect.poll(() => client.resets.toSorted((a, b) => a - b), { timeout: 10_000 }).toEqual(streams);
    expect(written).toBeLessThan(streams.length * MIB);
    clearInterval(pinging);
    await survives([client.closed]);
  });

  test("a connection that only pings is closed", async () => {
    const client = new RawHttp2(port);
    const pinging = setInterval(() => client.write(frame(FRAME.ping, 0, 0, Buffer.alloc(8))), 100);
    await survives([client.closed]);
    clearInterval(pinging);
  });
});

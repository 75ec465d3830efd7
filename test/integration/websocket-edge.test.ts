import { once } from "node:events";
import { connect } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { GrpcWebFrameReader, HEADER_FLAG } from "#contracts/grpc-web-frames.ts";
import { AppError } from "#kernel/errors.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { type CallServer, startCallServer } from "../support/call-server.ts";

const HEADERS = "content-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\n";
const FINISH = Buffer.of(1);

function message(value: string): Buffer {
  const body = toBinary(StringValueSchema, create(StringValueSchema, { value }));
  const bytes = Buffer.alloc(1 + 5 + body.length);
  bytes.writeUInt32BE(body.length, 2);
  bytes.set(body, 6);
  return bytes;
}

interface Opened {
  readonly ws: WebSocket;
  /** Blocks of headers and trailers that came, as text. */
  readonly blocks: string[];
  readonly messages: string[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** A socket to a method, as a client makes one; rejects with the status of a refusal. */
async function open(
  server: CallServer,
  path = "/platemark.test.WorkService/unary",
  options: { readonly origin?: string; readonly subprotocol?: string; readonly localAddress?: string } = {},
): Promise<Opened> {
  const { subprotocol = "grpc-websockets", ...rest } = options;
  const ws = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, [subprotocol], rest);
  const frames = new GrpcWebFrameReader({ maxBytes: 1 << 24 });
  const blocks: string[] = [];
  const messages: string[] = [];
  ws.on("message", (bytes: Buffer) => {
    for (const frame of frames.push(bytes))
      if (frame.flags & HEADER_FLAG) blocks.push(Buffer.from(frame.bytes.subarray(5)).toString("latin1"));
      else messages.push(fromBinary(StringValueSchema, frame.bytes.subarray(5)).value);
  });
  const closed = once(ws, "close").then(([code, reason]) => ({
    code: code as number,
    reason: String(reason),
  }));
  closed.catch(() => {});
  await new Promise<void>((resolve, reject) => {
    ws.once("open", resolve);
    ws.once("unexpected-response", (_request, response) => {
      reject(new Error(`HTTP ${response.statusCode}`));
      ws.terminate();
    });
    ws.on("error", reject);
  });
  return { ws, blocks, messages, closed };
}

describe("a websocket's upgrade", () => {
  test.each([
    ["from an origin that is not allowed", undefined, { origin: "https://evil.example" }, 403],
    ["to a method that is not there", "/platemark.test.WorkService/nothing", {}, 404],
    ["for another subprotocol", undefined, { subprotocol: "chat" }, 400],
  ])("is refused %s", async (_, path, options, status) => {
    await using server = await startCallServer({ origins: ["https://studio.example"] });
    await expect(open(server, path, options)).rejects.toThrow(`HTTP ${status}`);
    const allowed = await open(server, undefined, { origin: "https://studio.example" });
    allowed.ws.terminate();
  });

  test("is refused above the number of sockets of an address, and of all", async () => {
    await using server = await startCallServer({ limits: { socketsPerAddress: 2, sockets: 3 } });
    const held = [await open(server), await open(server)];
    await expect(open(server)).rejects.toThrow("HTTP 429");
    held.push(await open(server, undefined, { localAddress: "127.0.0.2" }));
    await expect(open(server, undefined, { localAddress: "127.0.0.3" })).rejects.toThrow("HTTP 503");
    held[0]!.ws.close();
    await held[0]!.closed;
    for (const { ws } of held) ws.terminate();
  });

  test("is not taken for one where another protocol is offered", async () => {
    await using server = await startCallServer();
    const answer = await fetch(`${server.url}/nothing`, { headers: { "x-request-id": "one" } });
    expect(answer.status).toBe(404);
    const socket = connect(server.port, "127.0.0.1");
    socket.write("GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n");
    const [bytes] = await once(socket, "data");
    expect(String(bytes)).toMatch(/^HTTP\/1.1 404/);
    socket.destroy();
  });
});

describe("a call over a websocket", () => {
  test("runs nothing before its token was looked at, and says the status and the reason", async () => {
    const asked: string[] = [];
    await using server = await startCallServer({
      authorize: async ({ request }) => {
        asked.push(String(request.headers.authorization));
        throw new AppError("unauthenticated", "No valid token.", { retry: "reauth" });
      },
    });
    const { ws, blocks, closed } = await open(server);
    ws.send(Buffer.from(`${HEADERS}authorization: Bearer wrong\r\nx-request-id: mine\r\n`));
    ws.send(message("work"));
    expect(await closed).toMatchObject({ code: 1008 });
    expect(asked).toEqual(["Bearer wrong"]);
    expect(blocks).toHaveLength(1);
    expect(blocks[0]).toMatch(/grpc-status: 16\r\n/);
    expect(blocks[0]).toMatch(/x-request-id: mine\r\n/);
    expect(server.work.reasons).toEqual([]);
  });

  test("does not believe a page what only the connection or a proxy may say", async () => {
    const seen: Record<string, unknown>[] = [];
    await using server = await startCallServer({
      authorize: async ({ request }) => {
        seen.push({ ...request.headers });
        return null;
      },
    });
    const { ws, closed } = await open(server);
    ws.send(
      Buffer.from(
        `${HEADERS}x-auth-user-id: root\r\nX-Forwarded-For: 1.1.1.1\r\norigin: https://a.example\r\n`,
      ),
    );
    ws.send(message("end"));
    ws.send(FINISH);
    expect(await closed).toMatchObject({ code: 1000 });
    expect(Object.keys(seen[0]!)).not.toEqual(expect.arrayContaining(["x-auth-user-id"]));
    expect(seen[0]).not.toHaveProperty("x-forwarded-for");
    expect(seen[0]).not.toHaveProperty("origin");
    expect(seen[0]).toHaveProperty("x-grpc-web", "1");
  });

  test("answers headers, messages and trailers each in messages of their own", async () => {
    await using server = await startCallServer();
    const { ws, blocks, closed } = await open(server);
    ws.send(Buffer.from(HEADERS));
    ws.send(message("end"));
    ws.send(FINISH);
    expect(await closed).toEqual({ code: 1000, reason: "" });
    expect(blocks).toHaveLength(2);
    expect(blocks[0]).toMatch(/content-type: application\/grpc-web\+proto\r\n/);
    expect(blocks[0]).toMatch(/traceparent: 00-/);
    expect(blocks[1]).toMatch(/^grpc-status: 0\r\n/);
  });

  test("hears the same messages however their frames are cut into those of the websocket", async () => {
    await using server = await startCallServer();
    const words = fc.array(fc.string({ maxLength: 12 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(words, fc.array(fc.nat(200), { maxLength: 8 }), async (sent, cuts) => {
        const { ws, messages, closed } = await open(server, "/platemark.test.WorkService/bidi");
        ws.send(Buffer.from(HEADERS));
        const bytes = Buffer.concat(sent.map((word) => message(word).subarray(1)));
        const at = [...cuts.map((cut) => cut % bytes.length), bytes.length].toSorted((a, b) => a - b);
        let from = 0;
        for (const to of at) {
          ws.send(Buffer.concat([Buffer.of(0), bytes.subarray(from, to)]));
          from = to;
        }
        ws.send(FINISH);
        expect(await closed).toMatchObject({ code: 1000 });
        const expected = sent.includes("end") ? sent.slice(0, sent.indexOf("end") + 1) : sent;
        expect(messages).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ["a text message", (ws: WebSocket) => ws.send("hello"), 1003],
    ["what is no header block", (ws: WebSocket) => ws.send(Buffer.of(0, 1, 2)), 1002],
    ["a message above the limit", (ws: WebSocket) => ws.send(Buffer.alloc(5_000)), 1009],
  ])("is closed with a code that says why for %s", async (_, act, code) => {
    await using server = await startCallServer({ limits: { messageBytes: 4_000 } });
    const { ws, closed } = await open(server);
    act(ws);
    expect(await closed).toMatchObject({ code });
  });

  test("stops when the client breaks the protocol", async () => {
    await using server = await startCallServer();
    const { ws, closed } = await open(server);
    ws.send(Buffer.from(HEADERS));
    ws.send(message("work"));
    ws.send(FINISH);
    await server.work.began();
    const second = await open(server, "/platemark.test.WorkService/client");
    second.ws.send(Buffer.from(HEADERS));
    await server.work.began(2);
    second.ws.send(Buffer.of(7));
    expect(await second.closed).toMatchObject({ code: 1002 });
    await server.work.stopped();
    ws.terminate();
    await closed;
  });

  test("reads no faster than its handler: the client is made to wait", async () => {
    const limits = { readAheadBytes: 64 * 1024, messageBytes: 32 * 1024 };
    await using server = await startCallServer({ limits });
    server.work.hold();
    const { ws } = await open(server, "/platemark.test.WorkService/client");
    ws.send(Buffer.from(HEADERS));
    await server.work.began();
    const large = message("x".repeat(30_000));
    const total = 1_000;
    for (let sent = 0; sent < total; sent++) ws.send(large);
    await server.work.whenRead(1);
    // The rest fills the buffers of the machine, and then stays with the client.
    await expect.poll(() => server.bridge.pausedSockets).toBe(1);
    expect(ws.bufferedAmount).toBeGreaterThan(10_000_000);
    server.work.release();
    await server.work.whenRead(total);
    expect(ws.bufferedAmount).toBe(0);
    ws.terminate();
  });
});

describe("a socket", () => {
  test("is closed when no headers come in time", async () => {
    const clock = new FakeClock();
    await using server = await startCallServer({ clock });
    const { closed } = await open(server);
    await expect.poll(() => server.bridge.sockets).toBe(1);
    await clock.advance(9_000);
    expect(server.bridge.sockets).toBe(1);
    await clock.advance(2_000);
    expect(await closed).toMatchObject({ code: 1008, reason: "No headers came in time." });
  });

  test("is asked for a sign of life, and cut when it gives none", async () => {
    const clock = new FakeClock();
    await using server = await startCallServer({ clock });
    const { ws } = await open(server, "/platemark.test.WorkService/bidi");
    ws.send(Buffer.from(HEADERS));
    await server.work.began();
    const pinged = once(ws, "ping");
    await clock.advance(16_000);
    await pinged;
    // The pong that ws answered with counts.
    await expect.poll(() => server.bridge.silentMs).toBe(0);
    // As a machine that is gone: nothing is read or answered any more.
    ws.pause();
    await clock.advance(41_000);
    await server.work.stopped();
    expect(server.cancelled.map(({ reason }) => reason)).toEqual(["client_gone"]);
    ws.terminate();
  });

  test("without a call is closed when the server drains, and no new one is taken", async () => {
    const clock = new FakeClock();
    await using server = await startCallServer({ clock });
    const { closed } = await open(server);
    await expect.poll(() => server.bridge.sockets).toBe(1);
    server.drain();
    await clock.advance(1_000);
    expect(await closed).toMatchObject({ code: 1001 });
    await expect(open(server)).rejects.toThrow("HTTP 503");
  });
});

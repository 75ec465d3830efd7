import { once } from "node:events";
import { request } from "node:http";
import { connect, constants } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { BreakableProxy } from "../support/breakable-proxy.ts";
import { type CallServer, startCallServer } from "../support/call-server.ts";
import { allOf, FLOOD, workClient } from "../support/work-service.ts";

const PATH = "/platemark.test.WorkService/server";
const CALL = framed("flood");
const CALL_TO_WORK = framed("work");
/** What the two ends of a loopback connection may hold, with room: kernels let them grow to some megabytes. */
const ON_THE_WAY_BYTES = 24 * 1024 * 1024;

function framed(value: string): Buffer {
  const body = toBinary(StringValueSchema, create(StringValueSchema, { value }));
  return Buffer.concat([Buffer.of(0, 0, 0, 0, body.length), body]);
}

/** Asks for a flood and reads nothing of it. Answers how to hang up. */
type Ask = (server: CallServer) => Promise<() => void>;

const WAYS: [string, Ask][] = [
  [
    "HTTP/2",
    async ({ url }) => {
      const session = connect(url);
      session.on("error", () => {});
      const stream = session.request({
        ":method": "POST",
        ":path": PATH,
        "content-type": "application/grpc",
      });
      stream.on("error", () => {});
      stream.end(CALL);
      await once(stream, "response");
      return () => {
        stream.close(constants.NGHTTP2_CANCEL);
        session.close();
      };
    },
  ],
  [
    "HTTP/1.1",
    async ({ url }) => {
      const call = request(`${url}${PATH}`, {
        method: "POST",
        headers: { "content-type": "application/grpc-web+proto" },
      });
      call.on("error", () => {});
      call.end(CALL);
      await once(call, "response");
      return () => call.destroy();
    },
  ],
  [
    "a websocket",
    async ({ port }) => {
      const ws = new WebSocket(`ws://127.0.0.1:${port}${PATH}`, ["grpc-websockets"]);
      await once(ws, "open");
      ws.send(Buffer.from("content-type: application/grpc-web+proto\r\n"));
      ws.send(Buffer.concat([Buffer.of(0), CALL]));
      ws.send(Buffer.of(1));
      ws.pause();
      return () => ws.terminate();
    },
  ],
];

describe.each(WAYS)("a reader that reads nothing, over %s", (_name, ask) => {
  test("is written no more than what is on the way", async () => {
    await using server = await startCallServer();
    const hangUp = await ask(server);
    await server.work.began();
    let before = -1;
    await expect
      .poll(
        () => {
          const stands = server.work.written > 0 && server.work.written === before;
          before = server.work.written;
          return stands;
        },
        { interval: 200, timeout: 20_000 },
      )
      .toBe(true);
    expect(server.work.written * FLOOD.length).toBeLessThan(ON_THE_WAY_BYTES);
    hangUp();
    await server.work.stopped();
  });
});

test("a line that was lost without a word ends its streams, over HTTP/2", async () => {
  await using server = await startCallServer({ pingMs: 100 });
  await using line = await BreakableProxy.to({ host: "127.0.0.1", port: server.port });
  const client = workClient(createGrpcTransport({ baseUrl: `http://127.0.0.1:${line.port}` }));
  const ended = allOf(client.server({ value: "work" })).catch(() => "failed");
  await server.work.began();
  line.hush();
  await server.work.stopped();
  expect(server.cancelled.map(({ reason }) => reason)).toEqual(["client_gone"]);
  line.break();
  expect(await ended).toBe("failed");
});

test("a connection whose client answers goes on", async () => {
  await using server = await startCallServer({ pingMs: 50 });
  const session = connect(server.url);
  session.on("error", () => {});
  const stream = session.request({ ":method": "POST", ":path": PATH, "content-type": "application/grpc" });
  stream.on("error", () => {});
  stream.end(CALL_TO_WORK);
  let pings = 0;
  await new Promise<void>((resolve) => session.on("ping", () => ++pings === 4 && resolve()));
  expect(server.cancelled).toEqual([]);
  session.destroy();
});

describe.each(WAYS.slice(0, 2))("a reader that has stopped reading, over %s", (_name, ask) => {
  test("is cut off, and the handler told so", async () => {
    await using server = await startCallServer({ stalledMs: 300 });
    const hangUp = await ask(server);
    await server.work.stopped();
    expect(server.cancelled.map(({ reason }) => reason)).toEqual(["too_slow"]);
    hangUp();
  });
});

import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { createWebSocketTransport } from "#contracts/websocket-transport.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { openTracer } from "../../server/adapters/trace/open-tracer.ts";
import { startCallServer } from "../support/call-server.ts";
import { OtlpReceiver } from "../support/otlp-receiver.ts";
import { allOf, workClient } from "../support/work-service.ts";

const over = (baseUrl: string) => workClient(createWebSocketTransport({ baseUrl, clock: systemClock }));
async function* texts(...values: string[]) {
  for (const value of values) yield { value };
}

test("carries calls of all four kinds", async () => {
  await using server = await startCallServer();
  const client = over(server.url);
  expect(await client.unary({ value: "end" })).toMatchObject({ value: "done" });
  const streamed = await allOf(client.server({ value: "end" }));
  expect(streamed).toEqual(["first", "last"]);
  expect(await client.client(texts("a", "b", "c"))).toMatchObject({ value: "c" });
  const echoed = await allOf(client.bidi(texts("a", "ü€", "")));
  expect(echoed).toEqual(["a", "ü€", ""]);
  expect(server.cancelled).toEqual([]);
});

test("makes a span of each call, which says how it ended", async () => {
  await using receiver = await OtlpReceiver.start();
  const tracing = { endpoint: receiver.url, service: "test", version: "" };
  const tracer = await openTracer(tracing, { logger: silentLogger });
  {
    await using server = await startCallServer({ tracer });
    await allOf(over(server.url).bidi(texts("a", "b")));
  }
  await tracer.close();
  const [span] = receiver.spans.filter(({ attributes }) => attributes["rpc.method"] === "bidi");
  expect(span).toMatchObject({ kind: 2, status: 0, attributes: { "rpc.response.status_code": "ok" } });
});

test("lets both sides speak in turn", async () => {
  await using server = await startCallServer();
  const said = Array.from({ length: 3 }, () => Promise.withResolvers<string>());
  async function* speak() {
    for (const { promise } of said) yield { value: await promise };
  }
  const heard = over(server.url).bidi(speak())[Symbol.asyncIterator]();
  for (const [turn, { resolve }] of said.entries()) {
    resolve(`turn ${turn}`);
    expect((await heard.next()).value).toMatchObject({ value: `turn ${turn}` });
  }
  expect((await heard.next()).done).toBe(true);
});

test("says that there is nobody", async () => {
  const failure = await over("http://127.0.0.1:9").unary({ value: "end" }).catch(ConnectError.from);
  expect(failure).toMatchObject({ code: Code.Unavailable });
});

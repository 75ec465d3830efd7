import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { createWebSocketTransport } from "#contracts/websocket-transport.ts";
import { systemClock } from "#kernel/clock.ts";
import { startCallServer } from "../support/call-server.ts";
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

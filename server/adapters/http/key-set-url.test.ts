import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeySetUrl } from "./key-set-url.ts";

describe("a key set behind a URL", () => {
  let server: Server;
  let answer: RequestListener;
  beforeEach(async () => {
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  /** The server here has no certificate; what is asked for is https all the same. */
  const source = () => {
    const { port } = server.address() as AddressInfo;
    const url = "https://id.example/keys?tenant=secret-1";
    return createKeySetUrl({
      url,
      fetch: (asked, options) => {
        expect(asked).toBe(url);
        return fetch(`http://127.0.0.1:${port}/keys`, options);
      },
    });
  };

  test("is what an answer of 200 holds", async () => {
    answer = (_, response) => response.end('{"keys":[]}');
    expect(await source().fetch()).toBe('{"keys":[]}');
  });

  test.each<[string, RequestListener]>([
    ["another status", (_, response) => response.writeHead(500).end("{}")],
    ["a redirect", (_, response) => response.writeHead(302, { location: "/elsewhere" }).end()],
    ["an answer beyond measure", (_, response) => response.end("x".repeat(300 * 1024))],
    [
      "an answer that breaks off",
      (_, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{");
        response.socket!.destroy();
      },
    ],
    ["no UTF-8", (_, response) => response.end(Buffer.from([0xff, 0xff]))],
  ])("cannot be had with %s", async (_what, listener) => {
    answer = listener;
    await expect(source().fetch()).rejects.toMatchObject({ code: "unavailable", retry: "backoff" });
  });

  test("is not waited for when nobody wants it any more", async () => {
    const stop = new AbortController();
    answer = () => stop.abort();
    await expect(source().fetch({ signal: stop.signal })).rejects.toMatchObject({ code: "unavailable" });
  });

  test("must be https", () => {
    expect(() => createKeySetUrl({ url: "http://id.example/keys" })).toThrow(/https/);
  });
});

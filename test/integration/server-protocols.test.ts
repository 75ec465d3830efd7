import { once } from "node:events";
import { request } from "node:http";
import { connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import type { Interceptor } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, clientOver, fromConnectError } from "#contracts/client.ts";
import { createFetchTransport } from "#contracts/fetch-transport.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  SECRET,
  send,
  startServer,
  testFile,
} from "./server-harness.ts";

const ORIGIN = "https://studio.example";

describe("the edge", () => {
  let installation: Installation;
  let server: RunningServer;
  beforeAll(async () => {
    installation = await embeddedInstallation();
    server = await startServer(installation, { origins: [ORIGIN] });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${await server.token()}`,
        ...headers,
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, json: text ? JSON.parse(text) : undefined };
  };

  const transports: [string, (interceptors: Interceptor[]) => unknown][] = [
    ["gRPC", (interceptors) => createGrpcTransport({ baseUrl: server.url, interceptors })],
    [
      "gRPC-Web",
      (interceptors) => createGrpcWebTransport({ baseUrl: server.url, httpVersion: "1.1", interceptors }),
    ],
    [
      "Connect JSON over HTTP/1.1",
      (interceptors) =>
        createConnectTransport({
          baseUrl: server.url,
          httpVersion: "1.1",
          useBinaryFormat: false,
          interceptors,
        }),
    ],
    [
      "Connect over HTTP/2",
      (interceptors) => createConnectTransport({ baseUrl: server.url, httpVersion: "2", interceptors }),
    ],
    ["Connect over fetch", (interceptors) => createFetchTransport({ baseUrl: server.url, interceptors })],
  ];

  // The compiler knows the type of a transport twice, by the package's two builds.
  const over = (transport: unknown) => clientOver(transport as Parameters<typeof clientOver>[0]);

  describe.each(transports)("over %s", (_name, open) => {
    test("answers calls and streams alike, and ends the stream when told", async () => {
      const client = over(open([bearer(() => server.token())]));
      const file = testFile();
      const { items } = await client.uploads.createUploads({ items: [file.announcement] });
      const how = items[0]!.how;
      if (how.case !== "put") throw new Error("not to be put");
      await send(how.value, file.bytes);
      const { mediaId } = items[0]!;
      const completed = await client.uploads.completeUploads({ items: [{ mediaId }] });
      expect(completed.items[0]!.outcome.case).toBe("media");
      const stop = new AbortController();
      const seen: string[] = [];
      const watching = (async () => {
        for await (const change of client.media.watchMedia({ afterSequence: 0n }, { signal: stop.signal })) {
          seen.push(...change.items.map(({ id }) => id));
          if (seen.filter((id) => id === mediaId).length === 2) stop.abort();
        }
      })();
      await expect(watching).rejects.toSatisfy((error) => fromConnectError(error).code === "aborted");
      expect((await client.health.check({})).serving).toBe(true);
    });

    test("says by code what went wrong, and to strangers nothing", async () => {
      const client = over(open([bearer(() => server.token())]));
      const gone = client.uploads.listParts({ mediaId: "nobody", uploadId: "x" });
      await expect(gone).rejects.toSatisfy((error) => fromConnectError(error).code === "not_found");
      const stranger = over(open([bearer(async () => "not-a-token")]));
      const refused = await stranger.media.listMedia({}).catch(fromConnectError);
      expect(refused).toMatchObject({ code: "unauthenticated", retry: "reauth" });
      expect(String(refused)).not.toMatch(/JWS|invalid/i);
      const watching = (async () => {
        for await (const _ of stranger.media.watchMedia({})) expect.unreachable();
      })();
      await expect(watching).rejects.toSatisfy((error) => fromConnectError(error).code === "unauthenticated");
      expect((await over(open([])).health.check({})).version).toBe("test");
    });
  });

  test("presigns and registers by the plain JSON routes", async () => {
    const file = testFile();
    const { size: _size, ...announcement } = file.announcement;
    const { markSpec: _mark, ...told } = announcement;
    const presigned = await post("/api/v1/uploads", {
      ...told,
      size: file.bytes.length,
      mark: { text: "© me" },
    });
    expect(presigned).toMatchObject({
      status: 200,
      json: { method: "PUT", objectKey: expect.stringMatching(/^raw\/tester\//) },
    });
    const { uploadUrl, headers, objectKey, mediaId } = presigned.json;
    expect((await send({ url: uploadUrl, headers }, file.bytes)).status).toBe(200);
    expect(await post("/api/v1/uploads/complete", { objectKey, size: 1 })).toMatchObject({
      status: 400,
      json: { error: { code: "upload.size_mismatch" } },
    });
    const registered = await post("/api/v1/uploads/complete", { objectKey, sha256: told.sha256 });
    expect(registered).toMatchObject({ status: 200, json: { media: { id: mediaId, state: "uploaded" } } });
    expect(await post("/api/v1/uploads/complete", { mediaId })).toMatchObject({ status: 200 });
    expect(
      await post("/api/v1/uploads", { ...told, size: file.bytes.length, mark: { text: "© me" } }),
    ).toMatchObject({
      json: { mediaId, media: { id: mediaId } },
    });
  });

  test.each([
    ["no JSON", "{", 400, "invalid_argument"],
    ["a missing field", { fileName: "a.jpg" }, 400, "invalid_argument"],
    ["an unknown field", { fileName: "a.jpg", size: 1, sha256: "0", also: 1 }, 400, "invalid_argument"],
    ["a body beyond measure", " ".repeat(3 * 1024 * 1024), 429, "resource_exhausted"],
  ])("refuses %s with a JSON error", async (_what, body, status, code) => {
    expect(await post("/api/v1/uploads", body)).toMatchObject({ status, json: { error: { code } } });
  });

  test("answers 401 without a reason where there is no valid token, and says why in the log", async () => {
    const answer = await post("/api/v1/uploads", {}, { authorization: "Bearer eyJhbGciOiJub25lIn0.e30." });
    expect(answer).toMatchObject({ status: 401, json: { error: { code: "unauthenticated" } } });
    expect(JSON.stringify(answer.json)).not.toMatch(/alg|JOSE|JWS/);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(server.logger.of("request.refused").at(-1)?.fields.reason).toMatch(/refused: /);
    expect(await post("/api/v1/uploads", {}, { authorization: "" })).toMatchObject({ status: 401 });
  });

  test("knows no other path and no other method", async () => {
    expect(await post("/nothing", {})).toMatchObject({ status: 404, json: { error: { code: "not_found" } } });
    const grpc = await fetch(`${server.url}/platemark.v1.Nothing/Do`, {
      method: "POST",
      headers: { "content-type": "application/grpc-web+proto" },
    });
    expect([grpc.status, grpc.headers.get("grpc-status")]).toEqual([200, "12"]);
    expect(
      (
        await fetch(`${server.url}/api/v1/uploads`, {
          headers: { authorization: `Bearer ${await server.token()}` },
        })
      ).status,
    ).toBe(405);
  });

  test("ends a refused gRPC call with its headers, as its clients want the status alone", async () => {
    const session = connectHttp2(server.url);
    for (const path of ["/platemark.v1.Nothing/Do", "/platemark.v1.MediaService/ListMedia"]) {
      const call = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" });
      call.end();
      const [headers, flags] = await once(call, "response");
      expect(headers["grpc-status"]).toMatch(/^(12|16)$/);
      expect(flags & constants.NGHTTP2_FLAG_END_STREAM).not.toBe(0);
    }
    session.close();
  });

  test("is alive, and ready when its parts are", async () => {
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ serving: true });
    const ready = await fetch(`${server.url}/readyz`);
    expect(ready.status).toBe(200);
    expect((await ready.json()).components).toHaveLength(4);
  });

  test("lets the pages of allowed origins call, and tells caches that it depends", async () => {
    const preflight = await fetch(`${server.url}/platemark.v1.MediaService/ListMedia`, {
      method: "OPTIONS",
      headers: {
        origin: ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(preflight.headers.get("vary")).toContain("Origin");
    const allowed = await post("/platemark.v1.MediaService/ListMedia", {}, { origin: ORIGIN });
    expect(allowed.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    const foreign = await post(
      "/platemark.v1.MediaService/ListMedia",
      {},
      { origin: "https://evil.example" },
    );
    expect(foreign.status).toBe(403);
    expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
    expect(foreign.headers.get("vary")).toContain("Origin");
  });

  test("gives a request back its identity, or a new one", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const own = await post(
      "/nothing",
      {},
      { "x-request-id": "mine-1", traceparent: `00-${trace}-b7ad6b7169203331-01` },
    );
    expect(own.headers.get("x-request-id")).toBe("mine-1");
    expect(own.headers.get("traceparent")).toMatch(
      new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`),
    );
    const wrong = await post("/nothing", {}, { "x-request-id": "not a\tone", traceparent: "00-zz" });
    expect(wrong.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(wrong.headers.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  test("survives what is no HTTP", async () => {
    const { port } = new URL(server.url);
    for (const nonsense of [
      "\0\0\0\0",
      "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
      "GET / HTTP/1.1\r\nx: ".padEnd(70_000, "y"),
    ]) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      socket.write(nonsense);
      socket.resume();
      await new Promise((resolve) => socket.once("close", resolve));
    }
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  test("lets a call in flight end when it is closed, and ends streams", async () => {
    const other = await embeddedInstallation();
    const closing = await startServer(other);
    const client = closing.client();
    const opened = Promise.withResolvers<void>();
    const watching = (async () => {
      for await (const _ of client.media.watchMedia({ afterSequence: 0n })) opened.resolve();
      return null;
    })().catch(fromConnectError);
    await opened.promise;
    const file = testFile();
    const { markSpec: _mark, ...told } = file.announcement;
    const call = request(`${closing.url}/api/v1/uploads`, {
      method: "POST",
      headers: { authorization: `Bearer ${await closing.token()}`, expect: "100-continue" },
    });
    call.flushHeaders();
    await once(call, "continue");
    const closed = closing[Symbol.asyncDispose]();
    call.end(JSON.stringify({ ...told, size: file.bytes.length }));
    const [answer] = await once(call, "response");
    expect(answer.statusCode).toBe(200);
    answer.resume();
    await closed;
    expect(await watching).toMatchObject({ code: "unavailable", retry: "backoff" });
    await expect(fetch(`${closing.url}/healthz`)).rejects.toThrow();
    await other[Symbol.asyncDispose]();
  });

  test("takes the token of its launch in the embedded mode, and no other", async () => {
    const own = await embeddedInstallation();
    const token = "t".repeat(43);
    const launched = await startServer(own, { auth: { kind: "launch", token } });
    expect((await launched.client({ token }).media.listMedia({})).items).toEqual([]);
    for (const wrong of [`${token}t`, token.slice(1), await launched.token(), SECRET])
      await expect(launched.client({ token: wrong }).media.listMedia({})).rejects.toThrow(/signed in/);
    await launched[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });
});

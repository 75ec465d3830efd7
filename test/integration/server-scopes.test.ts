import type { Interceptor } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, clientOver, fromConnectError } from "#contracts/client.ts";
import { createFetchTransport } from "#contracts/fetch-transport.ts";
import { createWebSocketTransport } from "#contracts/websocket-transport.ts";
import { MediaService } from "#gen/media_pb.ts";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import { ADMIT_ALL } from "../../server/edge/admission/admission.ts";
import { createAuthorization } from "../../server/edge/admission/authorization.ts";
import { createDispatcher } from "../../server/edge/dispatcher.ts";
import { HttpServer } from "../../server/edge/listener/http-server.ts";
import { rpcEndpoints } from "../../server/edge/rpc-endpoints.ts";
import { mintToken, type TokenGrant } from "../../server/edge/tokens/mint-token.ts";
import { secretKeys } from "../../server/edge/tokens/secret-key.ts";
import { createTokenAuthenticator } from "../../server/edge/tokens/token-authenticator.ts";
import { WebSocketBridge } from "../../server/edge/websocket/bridge.ts";
import { RpcMethods } from "../../server/rpc/rpc-methods.ts";
import { RecordingLogger } from "../fakes/recording-logger.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  SECRET,
  send,
  startServer,
  testFile,
  USER,
} from "./server-harness.ts";

const transports: [string, (baseUrl: string, interceptors: Interceptor[]) => unknown][] = [
  ["gRPC", (baseUrl, interceptors) => createGrpcTransport({ baseUrl, interceptors })],
  [
    "gRPC-Web",
    (baseUrl, interceptors) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1", interceptors }),
  ],
  [
    "Connect over HTTP/2",
    (baseUrl, interceptors) => createConnectTransport({ baseUrl, httpVersion: "2", interceptors }),
  ],
  [
    "gRPC over a websocket",
    (baseUrl, interceptors) => createWebSocketTransport({ baseUrl, interceptors, clock: systemClock }),
  ],
  ["Connect over fetch", (baseUrl, interceptors) => createFetchTransport({ baseUrl, interceptors })],
];
// The compiler knows the type of a transport twice, by the package's two builds.
const over = (transport: unknown) => clientOver(transport as Parameters<typeof clientOver>[0]);
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "ok",
    (error: unknown) => fromConnectError(error).code,
  );

let installation: Installation;
let server: RunningServer;
beforeAll(async () => {
  installation = await embeddedInstallation();
  server = await startServer(installation);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await installation?.[Symbol.asyncDispose]();
});
const grant = (options: Partial<TokenGrant> = {}) =>
  mintToken({
    secret: SECRET,
    user: USER,
    bucket: installation.settings.s3Bucket,
    now: Date.now(),
    ...options,
  });
const post = async (path: string, body: unknown, token: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: text ? JSON.parse(text) : undefined };
};
const announcement = () => {
  const file = testFile();
  const { markSpec: _mark, ...told } = file.announcement;
  return { file, body: { ...told, size: file.bytes.length } };
};

describe.each(transports)("scopes over %s", (_name, open) => {
  const client = (token: string) => over(open(server.url, [bearer(async () => token)]));

  test("let a reader read and nothing else", async () => {
    const reader = client(await grant({ scopes: ["media.read"] }));
    expect(await codeOf(reader.media.listMedia({}))).toBe("ok");
    expect(await codeOf(reader.uploads.createUploads({ items: [] }))).toBe("permission_denied");
    expect(await codeOf(reader.media.rollbackMedia({}))).toBe("permission_denied");
    const refused = await reader.templates.putTemplate({}).catch(fromConnectError);
    expect(String(refused)).not.toMatch(/templates\.write|scope/);
    const nothing = client(await grant({ scopes: [] }));
    expect(await codeOf(nothing.media.listMedia({}))).toBe("permission_denied");
    expect(await codeOf(nothing.health.check({}))).toBe("ok");
  });

  test("hold for streams before their first message", async () => {
    const uploader = client(await grant({ scopes: ["uploads.write"] }));
    const watching = (async () => {
      for await (const _ of uploader.media.watchMedia({})) expect.unreachable();
    })();
    expect(await codeOf(watching)).toBe("permission_denied");
  });

  test("of a token for one use: each method once, a replay not at all", async () => {
    const { file } = announcement();
    const token = await grant({ once: true, scopes: ["uploads.write"] });
    const items = [file.announcement];
    const ticket = (await client(token).uploads.createUploads({ items })).items[0]!;
    expect(await codeOf(client(token).uploads.createUploads({ items }))).toBe("unauthenticated");
    if (ticket.how.case !== "put") throw new Error("not to be put");
    await send(ticket.how.value, file.bytes);
    const completion = { items: [{ mediaId: ticket.mediaId }] };
    const done = await client(token).uploads.completeUploads(completion);
    expect(done.items[0]!.outcome.case).toBe("media");
    expect(await codeOf(client(token).uploads.completeUploads(completion))).toBe("unauthenticated");
    expect(await codeOf(client(token).media.listMedia({}))).toBe("permission_denied");
  });
});

describe("the plain JSON routes", () => {
  test("ask for the scope of the method that they stand for", async () => {
    const reader = await grant({ scopes: ["media.read"] });
    const uploader = await grant({ scopes: ["uploads.write"] });
    const refused = await post("/api/v1/uploads", announcement().body, reader);
    expect(refused).toMatchObject({ status: 403, json: { error: { code: "permission_denied" } } });
    expect(JSON.stringify(refused.json)).not.toMatch(/uploads\.write|scope/);
    expect((await post("/api/v1/uploads", announcement().body, uploader)).status).toBe(200);
    expect((await post("/api/v1/media/rollback", { mediaId: "x" }, reader)).status).toBe(403);
    expect((await post("/api/v1/media/snapshots", { mediaId: "x" }, reader)).status).toBe(404);
    expect((await post("/api/v1/media/snapshots", { mediaId: "x" }, uploader)).status).toBe(403);
  });

  test("take a token for one use once, whichever way it is used first", async () => {
    const token = await grant({ once: true, scopes: ["uploads.write"] });
    expect((await post("/api/v1/uploads", announcement().body, token)).status).toBe(200);
    expect((await post("/api/v1/uploads", announcement().body, token)).status).toBe(401);
    const replayed = over(
      createFetchTransport({ baseUrl: server.url, interceptors: [bearer(async () => token)] }),
    );
    expect(await codeOf(replayed.uploads.createUploads({ items: [] }))).toBe("unauthenticated");
    expect(server.logger.of("request.refused").at(-1)?.fields.reason).toBe("token used before");
  });
});

describe("the claims of a token", () => {
  test("hold its prefix at signing and again at completion", async () => {
    const { SignJWT } = await import("jose");
    const iat = Math.floor(Date.now() / 1000);
    const narrow = await new SignJWT({
      bucket: installation.settings.s3Bucket,
      objectKeyPrefix: `raw/${USER}/today/`,
      maxSize: 1_000_000,
    })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(USER)
      .setAudience("platemark")
      .setIssuedAt(iat)
      .setNotBefore(iat)
      .setExpirationTime(iat + 60)
      .sign(new TextEncoder().encode(SECRET));
    const { file, body } = announcement();
    expect(await post("/api/v1/uploads", body, narrow)).toMatchObject({
      status: 403,
      json: { error: { code: "permission_denied" } },
    });
    const mine = await post("/api/v1/uploads", body, await grant());
    await send({ url: mine.json.uploadUrl, headers: mine.json.headers }, file.bytes);
    const { objectKey } = mine.json;
    expect(await post("/api/v1/uploads/complete", { objectKey }, narrow)).toMatchObject({
      status: 403,
      json: { error: { code: "permission_denied" } },
    });
    expect((await post("/api/v1/uploads/complete", { objectKey }, await grant())).status).toBe(200);
  });
});

describe("who calls", () => {
  test("is 401 in JSON and status 16 over gRPC kinds without a valid token, and no reason is told", async () => {
    const token = "eyJhbGciOiJub25lIn0.e30.AA";
    const json = await post("/api/v1/uploads", {}, token);
    expect(json).toMatchObject({ status: 401, json: { error: { code: "unauthenticated" } } });
    for (const type of ["application/grpc-web+proto", "application/grpc-web-text"]) {
      const answer = await fetch(`${server.url}/platemark.v1.MediaService/ListMedia`, {
        method: "POST",
        headers: { "content-type": type, authorization: `Bearer ${token}` },
      });
      expect([answer.status, answer.headers.get("grpc-status")]).toEqual([200, "16"]);
      expect(decodeURIComponent(answer.headers.get("grpc-message")!)).not.toMatch(/alg|JWS|header|refused/);
    }
    expect(server.logger.of("request.refused").at(-1)?.fields.reason).toBe(
      "Token refused: algorithm not allowed.",
    );
  });

  test("is what handlers read in x-auth headers, over HTTP/1.1, HTTP/2 and websockets, whatever the client wrote", async () => {
    const seen: Headers[] = [];
    const methods = new RpcMethods({
      shutdown: new AbortController().signal,
      maxMessageBytes: 1024,
    }).service(MediaService, {
      listMedia: (_request, context) => {
        seen.push(context.requestHeader);
        return {};
      },
    });
    const rules = { audience: "platemark", issuer: null, toleranceSeconds: 5 };
    const authenticator = createTokenAuthenticator({ keys: secretKeys(SECRET), clock: systemClock }, rules);
    const stations = {
      decideOrigin: () => ({ kind: "none", headers: {} }) as const,
      admission: ADMIT_ALL,
      authorize: createAuthorization({ authenticator }),
      clock: systemClock,
      random: systemRandom,
      logger: new RecordingLogger(),
    };
    await using bridge = new WebSocketBridge({
      ...stations,
      methods,
      draining: new AbortController().signal,
    });
    bridge.start();
    const handle = createDispatcher({
      ...stations,
      probes: new Map(),
      endpoints: new Map(rpcEndpoints(methods)),
    });
    const deps = { clock: systemClock, upgrade: bridge.upgrade };
    await using http = new HttpServer(handle, { host: "127.0.0.1", port: 0, drainMs: 500 }, deps);
    const baseUrl = `http://127.0.0.1:${await http.listen()}`;
    const spoof: Interceptor = (next) => (request) => {
      request.header.set("x-auth-user-id", "root");
      request.header.set("x-auth-scope", "admin");
      request.header.set("X-Auth-Groups", "all");
      return next(request);
    };
    const token = await grant({ scopes: ["media.read", "uploads.write"] });
    for (const [, open] of transports)
      await over(open(baseUrl, [bearer(async () => token), spoof])).media.listMedia({});
    expect(seen).toHaveLength(transports.length);
    for (const headers of seen) {
      expect(headers.get("x-auth-user-id")).toBe(USER);
      expect(headers.get("x-auth-scope")).toBe("media.read uploads.write");
      expect(headers.has("x-auth-groups")).toBe(false);
    }
  });

  test("may do everything with the token of a launch", async () => {
    await using own = await embeddedInstallation();
    const token = "t".repeat(43);
    await using launched = await startServer(own, { auth: { kind: "launch", token } });
    const answer = await fetch(`${launched.url}/platemark.v1.AdminService/GetOrigins`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: "{}",
    });
    expect(answer.status).toBe(200);
  });
});

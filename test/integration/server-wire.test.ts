import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorInfoSchema } from "#gen/errors_pb.ts";
import { ListMediaRequestSchema, ListMediaResponseSchema, WatchMediaRequestSchema } from "#gen/media_pb.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  startServer,
  testFile,
} from "./server-harness.ts";

const ORIGIN = "https://studio.example";
const LIST = "/platemark.v1.MediaService/ListMedia";
const WATCH = "/platemark.v1.MediaService/WatchMedia";
const LIST_PARTS = "/platemark.v1.UploadService/ListParts";
const CREATE = "/platemark.v1.UploadService/CreateUploads";

interface Frame {
  readonly flags: number;
  readonly bytes: Buffer;
}

function frame(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function frames(bytes: Buffer): Frame[] {
  const found: Frame[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    found.push({ flags: bytes[at]!, bytes: bytes.subarray(at + 5, end) });
    at = end;
  }
  return found;
}

/** As google's client reads it: groups of four characters, padding or not. */
function fromText(text: string): Buffer {
  return Buffer.concat((text.match(/.{1,4}/gs) ?? []).map((group) => Buffer.from(group, "base64")));
}

describe("what goes over the wire", () => {
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

  const post = async (
    path: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ) =>
    fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${await server.token()}`, ...headers },
      body: body as string,
      ...(signal ? { signal } : {}),
    });

  /** Without `fetch`, which unpacks on its own. */
  const raw = async (path: string, body: string, headers: Record<string, string>) => {
    const authorization = `Bearer ${await server.token()}`;
    return new Promise<{ headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
      const sent = request(`${server.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization, ...headers },
      });
      sent.once("error", reject);
      sent.once("response", async (answer) => {
        const chunks: Buffer[] = [];
        for await (const chunk of answer) chunks.push(chunk as Buffer);
        resolve({ headers: answer.headers, body: Buffer.concat(chunks) });
      });
      sent.end(body);
    });
  };

  describe("gRPC-Web as text", () => {
    test("answers a unary call, its frames padded each for itself", async () => {
      const message = toBinary(ListMediaRequestSchema, create(ListMediaRequestSchema, { pageSize: 5 }));
      const framed = frame(message);
      // Cut inside of the frame: padding stands in the middle of the body.
      const text = framed.subarray(0, 4).toString("base64") + framed.subarray(4).toString("base64");
      const answer = await post(LIST, text, { "content-type": "application/grpc-web-text+proto" });
      expect([answer.status, answer.headers.get("content-type")]).toEqual([
        200,
        "application/grpc-web-text+proto",
      ]);
      const [first, last] = frames(fromText(await answer.text()));
      expect(first!.flags).toBe(0);
      expect(fromBinary(ListMediaResponseSchema, first!.bytes).items).toBeDefined();
      expect([last!.flags, last!.bytes.toString()]).toEqual([0x80, "grpc-status: 0\r\n"]);
    });

    test("streams: each message can be read when it has come", async () => {
      const stop = new AbortController();
      const request = toBinary(WatchMediaRequestSchema, create(WatchMediaRequestSchema, {}));
      const answer = await post(
        WATCH,
        frame(request).toString("base64"),
        { "content-type": "application/grpc-web-text" },
        stop.signal,
      );
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      const { value } = await reader.read();
      expect(value!.length % 4).toBe(0);
      expect(frames(fromText(value!))[0]!.flags).toBe(0);
      stop.abort();
    });

    test("refuses what is no base64, and tells it as text", async () => {
      const answer = await post(LIST, "not base64!", { "content-type": "application/grpc-web-text" });
      expect([answer.status, answer.headers.get("grpc-status")]).toEqual([200, "3"]);
    });
  });

  describe("an error", () => {
    const wanted = { mediaId: "nobody", uploadId: "x" };

    test("has its typed detail in gRPC-Web's trailers", async () => {
      const body = frame(Buffer.from([0x0a, 6, ...Buffer.from("nobody"), 0x12, 1, 0x78]));
      const answer = await post(LIST_PARTS, body, { "content-type": "application/grpc-web+proto" });
      const [last] = frames(Buffer.from(await answer.arrayBuffer()));
      const trailers = new Map(
        last!.bytes
          .toString()
          .split("\r\n")
          .map((line) => line.split(": ", 2) as [string, string]),
      );
      expect(trailers.get("grpc-status")).toBe("5");
      expect(trailers.get("grpc-message")).toBe("There is no such picture.");
      expect(Buffer.from(trailers.get("grpc-status-details-bin")!, "base64").toString("latin1")).toContain(
        "type.googleapis.com/platemark.v1.ErrorInfo",
      );
    });

    test("has it in Connect's JSON", async () => {
      const answer = await post(LIST_PARTS, JSON.stringify(wanted), { "content-type": "application/json" });
      const { code, details } = await answer.json();
      expect([answer.status, code, details[0].type]).toEqual([404, "not_found", "platemark.v1.ErrorInfo"]);
      expect(fromBinary(ErrorInfoSchema, Buffer.from(details[0].value, "base64")).code).toBe("not_found");
    });

    test("has it in a plain JSON route's answer", async () => {
      const body = JSON.stringify({ mediaId: "nobody" });
      const answer = await post("/api/v1/uploads/complete", body, { "content-type": "application/json" });
      expect(await answer.json()).toMatchObject({
        error: {
          code: "not_found",
          details: [
            { "@type": "type.googleapis.com/platemark.v1.ErrorInfo", code: "not_found", retry: "never" },
          ],
        },
      });
    });

    test.each([
      ["no token, gRPC-Web", LIST, "application/grpc-web+proto", { authorization: "" }, 200, "16"],
      ["no token, Connect", LIST, "application/json", { authorization: "" }, 401, null],
      ["no token, JSON route", "/api/v1/uploads", "application/json", { authorization: "" }, 401, null],
      ["unknown path, gRPC-Web", "/a.B/C", "application/grpc-web-text", {}, 200, "12"],
      ["unknown path", "/nothing", "application/json", {}, 404, null],
      ["unknown method", "/a.B/C", "application/json", {}, 404, null],
      ["malformed message", LIST, "application/json", {}, 400, null],
    ])("carries the headers for other origins: %s", async (_case, path, type, headers, status, grpc) => {
      const answer = await post(path, "{", {
        "content-type": type,
        origin: ORIGIN,
        ...(headers as Record<string, string>),
      });
      await answer.arrayBuffer();
      expect([answer.status, answer.headers.get("grpc-status")]).toEqual([status, grpc]);
      expect(answer.headers.get("access-control-allow-origin")).toBe(ORIGIN);
      expect(answer.headers.get("access-control-expose-headers")).toContain("grpc-status");
      expect(answer.headers.get("vary")).toContain("Origin");
    });

    test("leaves the connection alive for the next request, also when its body was too long to be read", async () => {
      const long = "x".repeat(9 * 1024 * 1024);
      for (let round = 0; round < 5; round++) {
        const refused = await post(LIST, long, { "content-type": "application/json" });
        expect(refused.status).toBe(429);
        await refused.arrayBuffer();
        const route = await post("/api/v1/uploads", long, { "content-type": "application/json" });
        expect(route.status).toBe(429);
        await route.arrayBuffer();
        expect((await post(LIST, "{}", { "content-type": "application/json" })).status).toBe(200);
      }
    });
  });

  describe("compression", () => {
    const items = () =>
      Array.from({ length: 10 }, () => {
        const { size, ...rest } = testFile(1_000, {}, randomBytes(1_000)).announcement;
        return { ...rest, size: Number(size) };
      });

    test.each([
      ["br, gzip", "br", brotliDecompressSync],
      ["gzip;q=1, br;q=0.1", "gzip", gunzipSync],
      ["br;q=0, gzip;q=0, *;q=0", undefined, (bytes: Buffer) => bytes],
    ])(
      "answers JSON as Accept-Encoding %j asks, and says that it depends",
      async (accept, encoding, unpack) => {
        const body = JSON.stringify({ items: items() });
        const answer = await raw(CREATE, body, { "accept-encoding": accept, origin: ORIGIN });
        expect(answer.headers["content-encoding"]).toBe(encoding);
        expect(answer.headers.vary).toBe("Origin, accept-encoding");
        expect(answer.headers["content-length"]).toBe(String(answer.body.length));
        expect(JSON.parse(unpack(answer.body).toString()).items).toHaveLength(10);
      },
    );

    test("reads packed requests, and stops those that grow too much", async () => {
      const packed = { "content-type": "application/json", "content-encoding": "gzip" };
      const list = await post(LIST, gzipSync("{}"), packed);
      expect(list.status).toBe(200);
      const { size, ...told } = items()[0]!;
      const { markSpec: _mark, ...announcement } = told;
      const route = await post(
        "/api/v1/uploads",
        gzipSync(JSON.stringify({ ...announcement, size })),
        packed,
      );
      expect(route.status).toBe(200);
      const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024, " "));
      for (const path of [LIST, "/api/v1/uploads"]) {
        const answer = await post(path, bomb, packed);
        expect([path, answer.status]).toEqual([path, 429]);
        await answer.arrayBuffer();
      }
      const framed = frame(bomb);
      framed[0] = 1;
      const grpc = await post(LIST, framed, {
        "content-type": "application/grpc-web+proto",
        "grpc-encoding": "gzip",
      });
      const [last] = frames(Buffer.from(await grpc.arrayBuffer()));
      expect(last!.bytes.toString()).toContain("grpc-status: 8\r\n");
    });

    test("is not for callers on the same computer", async () => {
      await using own = await embeddedInstallation();
      const token = "t".repeat(43);
      await using launched = await startServer(own, { auth: { kind: "launch", token } });
      const answer = await fetch(`${launched.url}${CREATE}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ items: items() }),
      });
      expect([answer.status, answer.headers.get("content-encoding")]).toEqual([200, null]);
    });
  });
});

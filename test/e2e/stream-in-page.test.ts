import { createHash } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MediaService, WatchMediaRequestSchema, type WatchMediaResponseSchema } from "#gen/media_pb.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { ADMIT_ALL } from "../../server/edge/admission/admission.ts";
import { answerJson } from "../../server/edge/answers/answers.ts";
import { createDispatcher } from "../../server/edge/dispatcher.ts";
import { HttpServer } from "../../server/edge/listener/http-server.ts";
import { rpcEndpoints } from "../../server/edge/rpc-endpoints.ts";
import { RpcMethods } from "../../server/rpc/rpc-methods.ts";
import { describeReal, real } from "../support/real-components.ts";
import { CHROMIUM_ARGUMENTS } from "../support/window-browser.ts";

const MESSAGES = 128;
const TEXT_BYTES = 64 * 1024;

/** Hexadecimal: it shrinks to about half, as real lists do. */
function response(index: number): MessageInitShape<typeof WatchMediaResponseSchema> {
  let text = "";
  for (let block = 0; text.length < TEXT_BYTES; block++)
    text += createHash("sha512").update(`${index}/${block}`).digest("hex");
  return { sequence: BigInt(index), items: [{ markSpec: text }] };
}

describeReal("an 8 MB stream through a browser", ["chromium"], () => {
  let server: HttpServer;
  let browser: Browser;
  let page: Page;
  let expected: string;

  beforeAll(async () => {
    const { method } = MediaService;
    const digest = createHash("sha256");
    for (let index = 0; index < MESSAGES; index++)
      digest.update(toBinary(method.watchMedia.output, create(method.watchMedia.output, response(index))));
    expected = digest.digest("hex");
    const methods = new RpcMethods({
      shutdown: new AbortController().signal,
      maxMessageBytes: 1024 * 1024,
    }).service(MediaService, {
      async *watchMedia() {
        for (let index = 0; index < MESSAGES; index++) yield response(index);
      },
    });
    const handle = createDispatcher({
      decideOrigin: () => ({ kind: "none", headers: {} }),
      probes: new Map([["/healthz", ({ response: answer }) => answerJson(answer, 200, {})]]),
      admission: ADMIT_ALL,
      authorize: async () => null,
      endpoints: new Map(rpcEndpoints(methods)),
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
    server = new HttpServer(handle, { host: "127.0.0.1", port: 0 }, { clock: systemClock });
    const port = await server.listen();
    browser = await chromium.launch({ executablePath: real("chromium")!, args: CHROMIUM_ARGUMENTS });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/healthz`);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  test.each([
    ["gRPC-Web", "application/grpc-web+proto", {}],
    ["gRPC-Web with gzip for each message", "application/grpc-web+proto", { "grpc-accept-encoding": "gzip" }],
    ["gRPC-Web as text", "application/grpc-web-text+proto", {}],
    ["Connect", "application/connect+proto", {}],
    [
      "Connect with gzip for each message",
      "application/connect+proto",
      { "connect-accept-encoding": "gzip" },
    ],
  ])("arrives whole over %s, in pieces, with its end", async (_name, contentType, headers) => {
    const asked = toBinary(WatchMediaRequestSchema, create(WatchMediaRequestSchema, {}));
    const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, asked.length]), asked]);
    const text = contentType.includes("-text");
    const body = text ? framed.toString("base64") : framed.toString("latin1");
    const got = await page.evaluate(readStream, {
      contentType,
      headers: headers as Record<string, string>,
      body,
      text,
    });
    expect(got).toMatchObject({ status: 200, messages: MESSAGES, sha256: expected });
    expect(got.bytes).toBeGreaterThan(8 * 1024 * 1024);
    expect(got.pieces).toBeGreaterThan(1);
    expect(got.end).toMatch(contentType.includes("connect") ? /^\{\}$/ : /grpc-status: 0/);
    expect(got.packed).toBe(Object.keys(headers).length > 0 ? MESSAGES : 0);
  });
});

/** Runs in the page. */
async function readStream(call: {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly text: boolean;
}) {
  const answer = await fetch("/platemark.v1.MediaService/WatchMedia", {
    method: "POST",
    headers: { "content-type": call.contentType, ...call.headers },
    body: call.text ? call.body : Uint8Array.from(call.body, (character) => character.charCodeAt(0)),
  });
  const reader = answer.body!.getReader();
  const chunks: Uint8Array[] = [];
  let rest = "";
  let pieces = 0;
  const decoded = (value: Uint8Array): Uint8Array => {
    if (!call.text) return value;
    const text = rest + new TextDecoder("latin1").decode(value);
    const whole = text.length - (text.length % 4);
    rest = text.slice(whole);
    const binary = (text.slice(0, whole).match(/[^=]+={0,2}/g) ?? []).map((part) => atob(part)).join("");
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  };
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    pieces++;
    chunks.push(decoded(next.value));
  }
  const all = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  const view = new DataView(all.buffer);
  const messages: Uint8Array[] = [];
  let end = "";
  let packed = 0;
  for (let at = 0; at < all.length; ) {
    const flags = all[at]!;
    const length = view.getUint32(at + 1);
    let bytes = all.slice(at + 5, at + 5 + length);
    if (flags & 1) {
      packed++;
      const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      bytes = new Uint8Array(await new Response(unpacked).arrayBuffer());
    }
    if (flags & 0x82) end += new TextDecoder().decode(bytes);
    else messages.push(bytes);
    at += 5 + length;
  }
  const body = await new Blob(messages as BlobPart[]).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return {
    status: answer.status,
    messages: messages.length,
    bytes: body.byteLength,
    pieces,
    packed,
    end,
    sha256: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  };
}

import { create, type DescMethod, toBinary, toJsonString } from "@bufbuild/protobuf";
import { MediaService } from "#gen/media_pb.ts";
import { postHttp1, postHttp2, talk } from "./exchanges.ts";
import { type BodyKind, exchangeBlock, socketBlock } from "./render.ts";

const { getMedia, signDownload, watchMedia } = MediaService.method;
const SOME = { ids: ["m-1"] };
const GONE = { mediaId: "m-1" };
const NEW = { afterSequence: 1n };
/** Long enough for a stream's first message. */
const TIME = "300";

interface CallForm {
  readonly block: string;
  readonly version: "HTTP/1.1" | "HTTP/2";
  readonly body: BodyKind;
  readonly method: DescMethod;
  readonly message: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** What each block of the page holds: real requests to the server at `url`, and its answers. */
export async function wireFormBlocks(url: string, token: string): Promise<ReadonlyMap<string, string>> {
  const blocks = new Map<string, string>();
  for (const { block, version, body, method, message, headers } of callForms(`Bearer ${token}`)) {
    const outgoing = { path: pathOf(method), headers, body: encode(body, method, message) };
    const exchange = await (version === "HTTP/2" ? postHttp2 : postHttp1)(url, outgoing);
    blocks.set(block, exchangeBlock(version, body, method, exchange));
  }
  const head = `content-type: application/grpc-web+proto\r\nauthorization: Bearer ${token}\r\nx-grpc-web: 1\r\n`;
  for (const [block, method, message] of [
    ["grpc-websockets", getMedia, SOME],
    ["grpc-websockets-error", signDownload, GONE],
  ] as const) {
    const body = Buffer.concat([Buffer.of(0), encode("frames", method, message)]);
    const said = await talk(url, pathOf(method), [Buffer.from(head), body, Buffer.of(1)]);
    blocks.set(block, socketBlock(method, said));
  }
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  for (const [block, path, value] of [
    ["json-route", "/api/v1/uploads", { ...PICTURE, sha256: "e3".repeat(32) }],
    ["json-route-error", "/api/v1/uploads/complete", { mediaId: "m-1" }],
  ] as const) {
    const body = Buffer.from(JSON.stringify(value));
    blocks.set(block, exchangeBlock("HTTP/1.1", "json", null, await postHttp1(url, { path, headers, body })));
  }
  return blocks;
}

/** Announced before anything is written down, so that there is a first change to speak of. */
export const PICTURE = {
  fileName: "IMG_0001.JPG",
  size: 2_000,
  contentType: "image/jpeg",
  sha256: "ab".repeat(32),
};

function callForms(authorization: string): readonly CallForm[] {
  const connect = { authorization, "connect-protocol-version": "1" };
  const json = { ...connect, "content-type": "application/json" };
  const proto = { ...connect, "content-type": "application/proto" };
  const stream = { ...connect, "content-type": "application/connect+proto", "connect-timeout-ms": TIME };
  const grpc = { authorization, "content-type": "application/grpc+proto", te: "trailers" };
  const nobody = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };
  const web = { authorization, ...nobody };
  const text = { authorization, "content-type": "application/grpc-web-text", "x-grpc-web": "1" };
  const timed = { "grpc-timeout": `${TIME}m` };
  const [get, sign, watch] = [
    { method: getMedia, message: SOME },
    { method: signDownload, message: GONE },
    { method: watchMedia, message: NEW },
  ] as const;
  const over1 = { version: "HTTP/1.1" } as const;
  const over2 = { version: "HTTP/2" } as const;
  return [
    { block: "connect-json", ...over1, body: "json", ...get, headers: json },
    { block: "connect-json-error", ...over1, body: "json", ...sign, headers: json },
    { block: "connect-proto", ...over1, body: "message", ...get, headers: proto },
    { block: "connect-proto-error", ...over1, body: "message", ...sign, headers: proto },
    { block: "connect-stream", ...over1, body: "frames", ...watch, headers: stream },
    { block: "grpc", ...over2, body: "frames", ...get, headers: grpc },
    { block: "grpc-error", ...over2, body: "frames", ...sign, headers: grpc },
    { block: "grpc-web", ...over1, body: "frames", ...get, headers: web },
    { block: "grpc-web-stream", ...over1, body: "frames", ...watch, headers: { ...web, ...timed } },
    { block: "grpc-web-refused", ...over1, body: "frames", ...get, headers: nobody },
    { block: "grpc-web-text", ...over1, body: "base64", ...get, headers: text },
    { block: "grpc-web-text-error", ...over1, body: "base64", ...sign, headers: text },
  ];
}

const pathOf = (method: DescMethod) => `/${method.parent.typeName}/${method.name}`;

function encode(kind: BodyKind, { input }: DescMethod, message: CallForm["message"]): Buffer {
  const filled = create(input, message);
  if (kind === "json") return Buffer.from(toJsonString(input, filled));
  const bytes = Buffer.from(toBinary(input, filled));
  if (kind === "message") return bytes;
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  const framed = Buffer.concat([prefix, bytes]);
  return kind === "frames" ? framed : Buffer.from(framed.toString("base64"));
}

import type { DescMethod } from "@bufbuild/protobuf";
import { frameLines, hexLines, messageLines, textLines } from "./annotate.ts";
import type { Exchange, SocketExchange } from "./exchanges.ts";

/** How a body is written down: JSON as it is, one message, frames, or base64 of frames. */
export type BodyKind = "json" | "message" | "frames" | "base64";

/** Headers that say something about a form; the others are the same in all. */
const TOLD = /^(?:authorization|content-type|connect-.*|grpc-.*|x-grpc-web|te|accept|www-authenticate)$/;
const BASE64_A_LINE = 76;

/** A request and its answer. `method` is `null` for a plain JSON route. */
export function exchangeBlock(
  version: string,
  kind: BodyKind,
  method: DescMethod | null,
  exchange: Exchange,
): string {
  const { path, headers, body, status, answerHeaders, answer, trailers } = exchange;
  // What refuses without frames of its own has JSON, or nothing at all.
  const answered = String(answerHeaders["content-type"]).includes("json") ? "json" : kind;
  return [
    `POST ${path} ${version}`,
    ...headerLines(headers),
    "",
    ...bodyLines(kind, method?.input, body),
    "",
    `${version} ${status}`,
    ...headerLines(answerHeaders),
    ...(answer.length > 0 ? ["", ...bodyLines(answered, method?.output, answer)] : []),
    ...(trailers ? ["", "trailers:", ...headerLines(trailers)] : []),
  ].join("\n");
}

/** A websocket's messages. */
export function socketBlock(method: DescMethod, { path, sent, received, closed }: SocketExchange): string {
  const [head = new Uint8Array(), ...messages] = sent;
  return [
    `GET ${path} HTTP/1.1`,
    "upgrade: websocket",
    "sec-websocket-protocol: grpc-websockets",
    "",
    "page: its headers",
    ...textLines(head),
    ...messages.flatMap((message) => [
      "",
      ...(message.length === 1
        ? ["page: nothing more comes", ...hexLines(message, "finished")]
        : [
            "page: a message",
            ...hexLines(message.subarray(0, 1), "not finished"),
            ...frameLines(method.input, message.subarray(1)),
          ]),
    ]),
    ...received.flatMap((message) => ["", "server:", ...frameLines(method.output, message)]),
    "",
    `server: closes with ${closed.code} ${closed.reason}`.trimEnd(),
  ].join("\n");
}

function bodyLines(kind: BodyKind, schema: DescMethod["input"] | undefined, body: Uint8Array): string[] {
  if (kind === "json" || schema === undefined) return [masked(Buffer.from(body).toString())];
  if (kind === "message") return messageLines(schema, body);
  if (kind === "frames") return frameLines(schema, body);
  const text = Buffer.from(body).toString("latin1");
  const lines = text.match(new RegExp(`.{1,${BASE64_A_LINE}}`, "g")) ?? [];
  // Pieces end where a frame ended; each is decoded by itself.
  const decoded = text.match(/[^=]+=*/g)?.map((piece) => Buffer.from(piece, "base64")) ?? [];
  return [...lines, "", "which is:", ...frameLines(schema, Buffer.concat(decoded))];
}

function headerLines(headers: Readonly<Record<string, string | string[] | undefined>>): string[] {
  return Object.keys(headers)
    .filter((name) => TOLD.test(name))
    .sort()
    .map((name) => `${name}: ${String(headers[name])}`);
}

/** What differs from day to day in plain JSON. */
function masked(json: string): string {
  return json
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "3f2c…")
    .replace(/(?<=")[0-9a-f]{32}(?=")/g, "2706…")
    .replace(/"(https?:\/\/)[^/"]+([^?"]*)\?[^"]*"/g, '"$1store.example$2?…"')
    .replace(/"(expiresAtMs)":\d+/g, '"$1":1795632913901');
}

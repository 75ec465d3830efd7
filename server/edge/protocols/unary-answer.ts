import type { OutgoingHttpHeaders } from "node:http";
import type { ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { errorToJson } from "@connectrpc/connect/protocol-connect";
import { httpStatusOf } from "../../rpc/error-table.ts";
import { grpcStatusOf } from "../answers/grpc-status.ts";
import { addVary } from "../answers/vary.ts";
import type { Exchange } from "../exchange.ts";
import { COMPRESSED, envelope, TRAILERS } from "./envelope.ts";
import { encodePiece } from "./grpc-web-text.ts";
import type { UnaryContext } from "./unary-context.ts";
import type { UnaryForm } from "./unary-form.ts";
import { copyHeaders } from "./web-headers.ts";

const OK = { "grpc-status": "0" };

export interface UnaryAnswer {
  readonly form: UnaryForm;
  readonly context: UnaryContext;
  /** `null`: send it as it is. */
  readonly compression: Compression | null;
  readonly compressMinBytes: number;
}

/** A message, or the error in its place. */
export type Outcome = { readonly bytes: Uint8Array } | { readonly error: ConnectError };

export async function writeUnary(exchange: Exchange, answer: UnaryAnswer, outcome: Outcome): Promise<void> {
  if (answer.form.kind === "connect") return writeConnect(exchange, answer, outcome);
  const { form, context, compression } = answer;
  const { response } = exchange;
  const headers: OutgoingHttpHeaders = { "content-type": form.answers };
  if (compression) headers["grpc-encoding"] = compression.name;
  copyHeaders(context.ownHeader, headers);
  const trailers: OutgoingHttpHeaders = "error" in outcome ? grpcStatusOf(outcome.error) : { ...OK };
  copyHeaders(context.ownTrailer, trailers);
  let body: Buffer | undefined;
  if ("bytes" in outcome) {
    const packed = await pack(answer, outcome.bytes);
    body = envelope(packed === outcome.bytes ? 0 : COMPRESSED, packed);
  }
  if (form.kind === "grpc") {
    response.writeHead(200, headers);
    response.addTrailers(trailers as NodeJS.Dict<string>);
    if (body) response.end(body);
    else response.end();
    return;
  }
  const last = envelope(TRAILERS, Buffer.from(trailerBlock(trailers), "latin1"));
  const whole = body ? Buffer.concat([body, last]) : last;
  const sent = form.text ? encodePiece(whole) : whole;
  headers["content-length"] = sent.length;
  response.writeHead(200, headers);
  response.end(sent);
}

async function writeConnect({ response }: Exchange, answer: UnaryAnswer, outcome: Outcome): Promise<void> {
  const { form, context, compression } = answer;
  const failed = "error" in outcome;
  const headers: OutgoingHttpHeaders = {};
  copyHeaders(context.ownHeader, headers);
  copyHeaders(context.ownTrailer, headers, "trailer-");
  if (failed) copyHeaders(outcome.error.metadata, headers);
  headers["content-type"] = failed ? "application/json" : form.answers;
  const plain = failed ? Buffer.from(JSON.stringify(errorToJson(outcome.error, undefined))) : outcome.bytes;
  const body = await pack(answer, plain);
  if (compression && body !== plain) headers["content-encoding"] = compression.name;
  addVary(response, "accept-encoding");
  headers["content-length"] = body.byteLength;
  response.writeHead(failed ? httpStatusOf(outcome.error.code) : 200, headers);
  response.end(body);
}

async function pack({ compression, compressMinBytes }: UnaryAnswer, bytes: Uint8Array): Promise<Uint8Array> {
  return compression && bytes.byteLength >= compressMinBytes ? compression.compress(bytes) : bytes;
}

/** Trailers as gRPC-Web puts them into its last frame. */
function trailerBlock(trailers: OutgoingHttpHeaders): string {
  return Object.entries(trailers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}

import { Code, ConnectError } from "@connectrpc/connect";
import { type Compression, createMethodSerializationLookup } from "@connectrpc/connect/protocol";
import { cancellationKey } from "../../rpc/cancellation.ts";
import { COMPRESS_MIN_BYTES, COMPRESSIONS } from "../../rpc/compression.ts";
import { toConnectError } from "../../rpc/error-table.ts";
import { longestAnswerMs } from "../../rpc/longest-answer.ts";
import type { RpcOptions } from "../../rpc/rpc-methods.ts";
import { chooseEncoding } from "../answers/accept-encoding.ts";
import { callValues } from "../call-values.ts";
import { type Exchange, header } from "../exchange.ts";
import { readBody } from "../request-body.ts";
import { Base64Decoder } from "./base64.ts";
import { parseTimeout } from "./deadline.ts";
import { ENVELOPE_BYTES, onlyMessage } from "./envelope.ts";
import { writeUnary } from "./unary-answer.ts";
import { UnaryContext } from "./unary-context.ts";
import { type UnaryForm, unaryFormOf } from "./unary-form.ts";
import { invokeUnary, type UnarySpec } from "./unary-invoke.ts";

const MAX_WRITE_BYTES = 0xffffffff;

/** The call as it came, for whoever answers in its place. */
export interface UnaryRest {
  /** What has been read of the body: all of it, or nothing. */
  readonly body: Buffer | null;
}

/**
 * The short way of a unary call: one message in, one out, without the streams that the general handlers build around
 * them. It takes what is plain; anything unusual it gives back as it came, for the general handlers to answer, so that
 * every odd case has one owner. Answers `null` when it has answered.
 */
export function unaryEndpoint(
  spec: UnarySpec,
  options: RpcOptions,
): (exchange: Exchange) => Promise<UnaryRest | null> {
  const { method } = spec;
  const limits = { readMaxBytes: options.maxMessageBytes, writeMaxBytes: MAX_WRITE_BYTES };
  const serialization = createMethodSerializationLookup(method, undefined, options.jsonOptions, limits);
  const compressMinBytes = options.compress === false ? Number.POSITIVE_INFINITY : COMPRESS_MIN_BYTES;
  const interceptors = options.interceptors ?? [];
  const longestMs = longestAnswerMs(method);

  return async (exchange) => {
    const { request, response } = exchange;
    const form = plainFormOf(exchange);
    if (!form) return { body: null };
    const timeoutMs = parseTimeout(form.timeoutHeader, header(request, form.timeoutHeader));
    if (timeoutMs !== undefined && !(timeoutMs <= (options.maxTimeoutMs ?? Number.POSITIVE_INFINITY)))
      return { body: null };
    const encoding = header(request, form.encodingHeader) ?? "identity";
    const packing = COMPRESSIONS.get(encoding);
    if (encoding !== "identity" && !packing) return { body: null };

    const body = await readBody(request, bodyLimit(form, options.maxMessageBytes), messageTooLarge);
    const framed = form.text ? decodeBase64(body) : body;
    const message = form.kind === "connect" ? { bytes: framed, packing } : onlyMessage(framed, packing);
    if (!message) return { body };

    const values = callValues(exchange).set(cancellationKey, true);
    const { shutdown, cancellations } = options;
    const context = new UnaryContext(exchange, {
      method,
      protocolName: form.kind,
      values,
      shutdown,
      timeoutMs: Math.min(timeoutMs ?? Number.POSITIVE_INFINITY, longestMs),
      cancellations,
    });
    const answer = {
      form,
      context,
      compression: answerCompression(form, exchange, packing),
      compressMinBytes,
    };
    try {
      const bytes = message.packing
        ? await message.packing.decompress(message.bytes, options.maxMessageBytes)
        : message.bytes;
      const input = serialization.getI(form.binary).parse(bytes);
      const output = await context.orCancelled(invokeUnary(spec, input, context, interceptors));
      context.end();
      await writeUnary(exchange, answer, { bytes: serialization.getO(form.binary).serialize(output) });
    } catch (error) {
      context.end();
      if (response.headersSent || response.destroyed) throw error;
      await writeUnary(exchange, answer, { error: failureOf(error) });
    }
    return null;
  };
}

/** gRPC's trailers need HTTP/2; a call by GET has no body. */
function plainFormOf({ request, method }: Exchange): UnaryForm | undefined {
  const form = unaryFormOf(header(request, "content-type"));
  if (method !== "POST" || (form?.kind === "grpc" && request.httpVersionMajor < 2)) return undefined;
  return form;
}

/** base64 takes four bytes for three, and padding. */
function bodyLimit(form: UnaryForm, maxMessageBytes: number): number {
  if (form.kind === "connect") return maxMessageBytes;
  const framed = maxMessageBytes + ENVELOPE_BYTES;
  return form.text ? Math.ceil(framed / 3) * 4 + 4 : framed;
}

function decodeBase64(body: Buffer): Buffer {
  const decoder = new Base64Decoder();
  const bytes = decoder.push(body);
  const rest = decoder.end();
  return rest.length === 0 ? bytes : Buffer.concat([bytes, rest]);
}

function messageTooLarge(limit: number): ConnectError {
  return new ConnectError(`The message has more than ${limit} bytes.`, Code.ResourceExhausted);
}

/** gRPC's order for its own kinds, where a call is small; the denser one for JSON. A client that packs and does not
 *  say what it reads, reads what it writes. */
function answerCompression(
  form: UnaryForm,
  { request }: Exchange,
  packing: Compression | undefined,
): Compression | null {
  const accepted = header(request, form.acceptHeader);
  if (!accepted) return packing ?? null;
  const offered = form.kind === "connect" ? ["br", "gzip"] : ["gzip", "br"];
  return COMPRESSIONS.get(chooseEncoding(accepted, offered) ?? "") ?? null;
}

function failureOf(error: unknown): ConnectError {
  return error instanceof ConnectError
    ? error
    : toConnectError(error instanceof Error ? error : new ConnectError("internal error", Code.Internal));
}

import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { chooseEncoding } from "../answers/accept-encoding.ts";
import { decodeGrpcMessage, encodeGrpcMessage } from "../answers/grpc-message.ts";
import { addVary } from "../answers/vary.ts";
import { callValues } from "../call-values.ts";
import { clientSignal } from "../client-signal.ts";
import { type Exchange, header } from "../exchange.ts";
import { bodyChunks, bodyEnd } from "../request-body.ts";
import { binaryTypeOf, decodeText, encodeText, textTypeOf } from "./grpc-web-text.ts";

const BODY_END_MS = 250;
const ACCEPT_HEADERS = [
  ["accept-encoding", ["br", "gzip"]],
  ["grpc-accept-encoding", ["gzip", "br"]],
  ["connect-accept-encoding", ["gzip", "br"]],
] as const;

/**
 * connect-es's own handlers, which know every method kind and every protocol but the text form of gRPC-Web and weights
 * in Accept-Encoding: both are translated here, on the way in and out. `read`: a body that has been read already;
 * `stalledMs`: a client that takes nothing for so long is cut off; `draining`: ends the call.
 */
export async function serveGeneral(
  handler: UniversalHandler,
  exchange: Exchange,
  options: { readonly read: Buffer | null; readonly stalledMs: number; readonly draining: AbortSignal },
): Promise<void> {
  const { request, response } = exchange;
  const { read, stalledMs, draining } = options;
  const asked = universalRequestFromNodeRequest(request, response, undefined, callValues(exchange));
  for (const [name, offered] of ACCEPT_HEADERS) {
    const accepted = asked.header.get(name);
    if (accepted !== null) asked.header.set(name, chooseEncoding(accepted, offered) ?? "identity");
  }
  // A stream that is given up before its first byte is read leaves Chromium five silent seconds in which it hopes to
  // keep the connection. One that it cannot keep it ends at once, and with it the work.
  const closes =
    request.httpVersionMajor < 2 &&
    ["server_streaming", "bidi_streaming"].includes(handler.method.methodKind);
  if (closes) response.setHeader("connection", "close");
  const binaryType = binaryTypeOf(header(request, "content-type"));
  if (binaryType) asked.header.set("content-type", binaryType);
  const chunks = read ? once(read) : bodyChunks(request);
  const signal = AbortSignal.any([clientSignal(request, response, { stalledMs }), draining]);
  const answer = await handler({ ...asked, signal, body: binaryType ? decodeText(chunks) : chunks });
  if (closes && answer.body) answer.body = followedBy(answer.body, () => bodyEnd(request, BODY_END_MS));

  const message = answer.trailer?.get("grpc-message");
  if (message) answer.trailer?.set("grpc-message", encodeGrpcMessage(decodeGrpcMessage(message)));
  if (!binaryType) {
    if (asked.header.has("accept-encoding")) addVary(response, "accept-encoding");
    return universalResponseToNodeResponse(answer, response);
  }
  const type = answer.header?.get("content-type");
  if (type) answer.header?.set("content-type", textTypeOf(type));
  return universalResponseToNodeResponse(
    answer.body ? { ...answer, body: encodeText(answer.body as AsyncIterable<Uint8Array>) } : answer,
    response,
  );
}

async function* followedBy(
  chunks: AsyncIterable<Uint8Array>,
  last: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  await last();
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

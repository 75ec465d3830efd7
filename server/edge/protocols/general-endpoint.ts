import { createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import { callerKey, loggerKey } from "../../rpc/call-context.ts";
import { chooseEncoding } from "../accept-encoding.ts";
import { clientSignal } from "../client-signal.ts";
import { type Exchange, header } from "../exchange.ts";
import { decodeGrpcMessage, encodeGrpcMessage } from "../grpc-message.ts";
import { bodyChunks } from "../request-body.ts";
import { addVary } from "../vary.ts";
import { binaryTypeOf, decodeText, encodeText, textTypeOf } from "./grpc-web-text.ts";

const ACCEPT_HEADERS = [
  ["accept-encoding", ["br", "gzip"]],
  ["grpc-accept-encoding", ["gzip", "br"]],
  ["connect-accept-encoding", ["gzip", "br"]],
] as const;

/**
 * connect-es's own handlers, which know every method kind and every protocol but the text form of gRPC-Web and weights
 * in Accept-Encoding: both are translated here, on the way in and out. `read`: a body that has been read already;
 * `stalledMs`: a client that takes nothing for so long is cut off.
 */
export async function serveGeneral(
  handler: UniversalHandler,
  { request, response, caller, logger }: Exchange,
  { read, stalledMs }: { readonly read: Buffer | null; readonly stalledMs: number },
): Promise<void> {
  const values = createContextValues().set(callerKey, caller).set(loggerKey, logger);
  const asked = universalRequestFromNodeRequest(request, response, undefined, values);
  for (const [name, offered] of ACCEPT_HEADERS) {
    const accepted = asked.header.get(name);
    if (accepted !== null) asked.header.set(name, chooseEncoding(accepted, offered) ?? "identity");
  }
  const binaryType = binaryTypeOf(header(request, "content-type"));
  if (binaryType) asked.header.set("content-type", binaryType);
  const chunks = read ? once(read) : bodyChunks(request);
  const signal = clientSignal(request, response, { stalledMs });
  const answer = await handler({ ...asked, signal, body: binaryType ? decodeText(chunks) : chunks });

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

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

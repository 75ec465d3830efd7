import { grpc } from "@improbable-eng/grpc-web";
import type { Call } from "./call.ts";

const TRANSPORTS = {
  fetch: () => grpc.FetchReadableStreamTransport({ credentials: "omit" }),
  xhr: () => grpc.XhrTransport({ withCredentials: false }),
  websocket: () => grpc.WebsocketTransport(),
};

/** A message is its bytes. */
class Bytes implements grpc.ProtobufMessage {
  readonly bytes: Uint8Array;
  constructor(bytes?: Uint8Array) {
    this.bytes = bytes ?? new Uint8Array();
  }
  static deserializeBinary(bytes: Uint8Array): Bytes {
    return new Bytes(bytes);
  }
  serializeBinary(): Uint8Array {
    return this.bytes;
  }
  toObject(): object {
    return {};
  }
}

/** `@improbable-eng/grpc-web` over one of its transports. */
export function callByImprobable(call: Call, transport: keyof typeof TRANSPORTS): void {
  const { host, requests, metadata = {} } = call.order;
  const { methodKind, name, parent } = call.method;
  const definition = {
    methodName: name,
    service: { serviceName: parent.typeName },
    requestStream: methodKind === "client_streaming" || methodKind === "bidi_streaming",
    responseStream: methodKind === "server_streaming" || methodKind === "bidi_streaming",
    requestType: Bytes,
    responseType: Bytes,
  };
  const client = grpc.client<Bytes, Bytes, typeof definition>(definition, {
    host,
    transport: TRANSPORTS[transport](),
  });
  const waiting = requests.map((request) => new Bytes(call.encode(request)));
  const speak = () => {
    const next = waiting.shift();
    if (next) client.send(next);
    else client.finishSend();
  };
  client.onHeaders((headers) => call.learn(pairs(headers)));
  client.onMessage((answer) => {
    call.receive(answer.bytes);
    if (methodKind === "bidi_streaming") speak();
  });
  client.onEnd((code, message, trailers) => {
    call.learn(pairs(trailers));
    call.end(code, message);
  });
  call.abort = () => {
    client.close();
    call.end(-1, "");
  };
  client.start(new grpc.Metadata({ ...metadata }));
  if (methodKind === "bidi_streaming") speak();
  else {
    for (const message of waiting) client.send(message);
    client.finishSend();
  }
}

function* pairs(metadata: grpc.Metadata): Generator<[string, string]> {
  for (const name of Object.keys(metadata.headersMap)) yield [name, metadata.get(name).join(", ")];
}

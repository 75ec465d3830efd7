import { GrpcWebClientBase, MethodDescriptor, MethodType, type RpcError } from "grpc-web";
import type { Call } from "./call.ts";

/** A message is its bytes: the client asks only how to make them, and what to make of them. */
const asTheyAre = (bytes: Uint8Array) => bytes;
const Bytes = Uint8Array as unknown as new () => Uint8Array;

/** Google's `grpc-web`, as the code that its generator makes calls it. */
export function callByGoogle(call: Call, format: "binary" | "text"): void {
  const { host, method, requests, metadata = {} } = call.order;
  const client = new GrpcWebClientBase({ format });
  const unary = call.method.methodKind === "unary";
  const type = unary ? MethodType.UNARY : MethodType.SERVER_STREAMING;
  const path = `/${method}`;
  const descriptor = new MethodDescriptor(path, type, Bytes, Bytes, asTheyAre, asTheyAre);
  const request = call.encode(requests[0] ?? {});
  // Of a unary call the answer comes last, of a stream the status.
  let told: { readonly code: number; readonly details: string } | undefined;
  const stream = unary
    ? client.rpcCall(host + path, request, metadata, descriptor, (error, answer) => {
        if (error) return fail(error);
        call.receive(answer);
        return call.end(told?.code ?? -1, told?.details ?? "");
      })
    : client.serverStreaming(host + path, request, metadata, descriptor);
  const fail = (error: RpcError) => {
    call.learn(Object.entries(error.metadata ?? {}));
    call.end(error.code, error.message);
  };
  stream.on("metadata", (headers) => call.learn(Object.entries(headers)));
  stream.on("status", (status) => {
    told = status;
    call.learn(Object.entries(status.metadata ?? {}));
    if (!unary) call.end(status.code, status.details);
  });
  if (!unary) {
    stream.on("data", (answer) => call.receive(answer));
    stream.on("error", fail);
  }
  call.abort = () => {
    stream.cancel();
    call.end(-1, "");
  };
}

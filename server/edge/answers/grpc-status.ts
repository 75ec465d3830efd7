import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { encodeGrpcMessage } from "./grpc-message.ts";

/** The trailers of a failed call: metadata, `grpc-status`, `grpc-message`, and where there are details
 *  `grpc-status-details-bin`, a google.rpc.Status. */
export function grpcStatusOf(error: ConnectError): Record<string, string> {
  const trailers = Object.fromEntries(setTrailerStatus(new Headers(), error));
  trailers["grpc-message"] = encodeGrpcMessage(error.rawMessage);
  return trailers;
}

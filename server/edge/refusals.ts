import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamToJson, errorToJson } from "@connectrpc/connect/protocol-connect";
import { fromConnectError } from "#contracts/client.ts";
import { AppError } from "#kernel/errors.ts";
import {
  ERROR_TABLE,
  errorDetails,
  httpStatusOf,
  publicMessage,
  toConnectError,
} from "../rpc/error-table.ts";
import { answerJson } from "./answers.ts";
import { type Exchange, header } from "./exchange.ts";
import { grpcStatusOf } from "./grpc-status.ts";
import { isGrpcKind, wireFormOf } from "./wire-form.ts";

/** An error in the form that the request's protocol reads (spec.md G4): gRPC kinds get HTTP 200 and the status as
 *  "trailers only", Connect its own JSON, plain JSON routes `{"error": {code, message, details}}`. */
export function answerError(exchange: Exchange, error: unknown): void {
  const { request, response, rpc } = exchange;
  // Whatever is left of the body is not worth reading; the connection cannot be used again.
  if (!request.complete && request.httpVersionMajor < 2) response.setHeader("connection", "close");
  const contentType = header(request, "content-type");
  const form = wireFormOf(contentType, rpc);
  const failure = toConnectError(error);
  if (isGrpcKind(form)) {
    answerTrailersOnly(exchange, failure);
    return;
  }
  if (form === "connect-stream") {
    const end = JSON.stringify(endStreamToJson(new Headers(), failure, undefined));
    response.writeHead(200, { "content-type": contentType });
    response.end(encodeEnvelope(endStreamFlag, Buffer.from(end)));
    return;
  }
  if (failure.code === Code.Unauthenticated) response.setHeader("www-authenticate", "Bearer");
  if (form === "connect-unary") {
    answerJson(response, httpStatusOf(failure.code), errorToJson(failure, undefined));
    return;
  }
  const { code, message, status, details } = plainError(error);
  answerJson(response, status, { error: { code, message, details } });
}

/** An unknown path: a JSON 404, or for gRPC kinds the status that says there is no such method. */
export function answerNotFound(exchange: Exchange): void {
  const { request, response } = exchange;
  if (isGrpcKind(wireFormOf(header(request, "content-type"), null)))
    answerTrailersOnly(exchange, new ConnectError("There is no such method.", Code.Unimplemented));
  else answerJson(response, 404, { error: { code: "not_found", message: "There is nothing at this path." } });
}

/** Clients of gRPC-Web take any other HTTP status for a broken proxy's, and lose the code. */
function answerTrailersOnly({ request, response }: Exchange, failure: ConnectError): void {
  response.writeHead(200, {
    "content-type": header(request, "content-type"),
    ...grpcStatusOf(failure),
  });
  response.end();
}

function plainError(error: unknown) {
  const failure = error instanceof ConnectError ? fromConnectError(error) : AppError.from(error);
  return {
    code: failure.code,
    message: publicMessage(failure),
    status: ERROR_TABLE[failure.code].http,
    details: errorDetails(failure),
  };
}

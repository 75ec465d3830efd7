import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import {
  codeToString,
  endStreamFlag,
  endStreamToJson,
  errorToJson,
} from "@connectrpc/connect/protocol-connect";
import { fromConnectError } from "#contracts/client.ts";
import { AppError } from "#kernel/errors.ts";
import {
  ERROR_TABLE,
  errorDetails,
  httpStatusOf,
  publicMessage,
  retryAfterMs,
  toConnectError,
} from "../../rpc/error-table.ts";
import { type Exchange, header } from "../exchange.ts";
import { drain } from "../request-body.ts";
import { answerJson } from "./answers.ts";
import { grpcStatusOf } from "./grpc-status.ts";
import { isGrpcKind, wireFormOf } from "./wire-form.ts";

/** An error in the form that the request's protocol reads (spec.md G4): gRPC kinds get HTTP 200 and the status as
 *  "trailers only", Connect its own JSON, plain JSON routes `{"error": {code, message, details}}`. */
export function answerError(exchange: Exchange, error: unknown): void {
  const { request, response, rpc } = exchange;
  drain(request);
  const contentType = header(request, "content-type");
  const form = wireFormOf(contentType, rpc);
  const failure = toConnectError(error);
  exchange.outcome = codeToString(failure.code);
  const waitMs = retryAfterMs(error);
  if (waitMs !== null) response.setHeader("retry-after", String(Math.ceil(waitMs / 1000)));
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

/** What a method's path looks like: package, service, method. */
const RPC_PATH = /^\/(?:[a-z]\w*\.)+[A-Z]\w*\/[A-Z]\w*$/;

/** An unknown path: for gRPC kinds, and Connect where it looks like a method's, the status that says there is no such
 *  method; a JSON 404 otherwise. */
export function answerNotFound(exchange: Exchange): void {
  const { request, response, path } = exchange;
  drain(request);
  const noMethod = new ConnectError("There is no such method.", Code.Unimplemented);
  if (isGrpcKind(wireFormOf(header(request, "content-type"), null))) answerTrailersOnly(exchange, noMethod);
  else if (RPC_PATH.test(path)) answerJson(response, 404, errorToJson(noMethod, undefined));
  else answerJson(response, 404, { error: { code: "not_found", message: "There is nothing at this path." } });
}

/** Clients of gRPC-Web take any other HTTP status for a broken proxy's, and lose the code. In HTTP/2 the headers must
 *  also end the stream, which they do when `end` sends them. */
function answerTrailersOnly({ request, response }: Exchange, failure: ConnectError): void {
  response.statusCode = 200;
  response.setHeader("content-type", header(request, "content-type") ?? "application/grpc");
  for (const [name, value] of Object.entries(grpcStatusOf(failure))) response.setHeader(name, value);
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

import { AppError } from "#kernel/errors.ts";
import { ERROR_TABLE, publicMessage } from "../rpc/error-table.ts";
import type { NodeServerRequest, NodeServerResponse } from "./node-http.ts";

const UNIMPLEMENTED = 12;

export function answerJson(response: NodeServerResponse, status: number, value: unknown): void {
  if (value === undefined) {
    response.writeHead(status);
    response.end();
    return;
  }
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": String(body.length),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

/** An error in the form that the request's protocol reads. */
export function answerError(request: NodeServerRequest, response: NodeServerResponse, error: unknown): void {
  const failure = AppError.from(error);
  const { grpc, http } = ERROR_TABLE[failure.code];
  const message = publicMessage(failure);
  // Whatever is left of the body is not worth reading; the connection cannot be used again.
  if (!request.complete && request.httpVersionMajor < 2) response.setHeader("connection", "close");
  if (isGrpc(request)) {
    answerTrailersOnly(request, response, grpc, message);
    return;
  }
  if (failure.code === "unauthenticated") response.setHeader("www-authenticate", "Bearer");
  answerJson(response, http, { error: { code: failure.code, message } });
}

/** An unknown path: a JSON 404, or for gRPC kinds the status that says there is no such method. */
export function answerNotFound(request: NodeServerRequest, response: NodeServerResponse): void {
  if (isGrpc(request)) answerTrailersOnly(request, response, UNIMPLEMENTED, "There is no such method.");
  else answerJson(response, 404, { error: { code: "not_found", message: "There is nothing at this path." } });
}

function isGrpc(request: NodeServerRequest): boolean {
  return (request.headers["content-type"] ?? "").startsWith("application/grpc");
}

function answerTrailersOnly(
  request: NodeServerRequest,
  response: NodeServerResponse,
  status: number,
  message: string,
): void {
  response.writeHead(200, {
    "content-type": request.headers["content-type"],
    "grpc-status": String(status),
    "grpc-message": encodeURIComponent(message),
  });
  response.end();
}

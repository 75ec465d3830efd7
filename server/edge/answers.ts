import type { NodeServerResponse } from "./node-http.ts";

/** `undefined`: no body. */
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

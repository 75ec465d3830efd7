import type { NodeServerResponse } from "../listener/node-http.ts";

/** `undefined`: no body. */
export function answerJson(response: NodeServerResponse, status: number, value: unknown): void {
  if (value === undefined) {
    response.writeHead(status);
    response.end();
    return;
  }
  answerBytes(response, status, Buffer.from(JSON.stringify(value)));
}

/** `body` is JSON, perhaps compressed. */
export function answerBytes(response: NodeServerResponse, status: number, body: Uint8Array): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": String(body.byteLength),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

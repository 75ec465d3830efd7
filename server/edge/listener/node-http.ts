import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

/** HTTP/1.1 and HTTP/2 alike. */
export type NodeServerRequest = IncomingMessage | Http2ServerRequest;
export type NodeServerResponse = (ServerResponse | Http2ServerResponse) & {
  write(chunk: string | Uint8Array, callback?: (error: Error | null | undefined) => void): boolean;
  write(
    chunk: string | Uint8Array,
    encoding: BufferEncoding,
    callback?: (error: Error | null | undefined) => void,
  ): boolean;
  writeHead(status: number, headers?: Record<string, string | string[] | number | undefined>): unknown;
};

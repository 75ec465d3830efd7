import type { IncomingHttpHeaders } from "node:http";
import { request as request1 } from "node:http";
import { connect } from "node:http2";
import { WebSocket } from "ws";

/** A request as it goes out, and what came back. */
export interface Exchange {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly status: number;
  readonly answerHeaders: IncomingHttpHeaders;
  readonly answer: Uint8Array;
  /** Of HTTP/2 alone. */
  readonly trailers?: IncomingHttpHeaders;
}

type Outgoing = Pick<Exchange, "path" | "headers" | "body">;

/** One POST over HTTP/1.1. The body of the answer is what the chunks held. */
export function postHttp1(url: string, outgoing: Outgoing): Promise<Exchange> {
  const { path, headers, body } = outgoing;
  return new Promise((resolve, reject) => {
    const call = request1(url + path, { method: "POST", headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const { statusCode: status = 0, headers: answerHeaders } = response;
      resolve({ ...outgoing, status, answerHeaders, answer: Buffer.concat(chunks) });
    });
    call.once("error", reject);
    call.end(body);
  });
}

/** One POST over HTTP/2 without TLS. */
export function postHttp2(url: string, outgoing: Outgoing): Promise<Exchange> {
  const session = connect(url);
  return new Promise<Exchange>((resolve, reject) => {
    const call = session.request({ ":method": "POST", ":path": outgoing.path, ...outgoing.headers });
    const chunks: Buffer[] = [];
    let [answerHeaders, trailers]: IncomingHttpHeaders[] = [{}, {}];
    call.once("response", (headers) => {
      answerHeaders = headers as IncomingHttpHeaders;
    });
    call.once("trailers", (headers) => {
      trailers = headers as IncomingHttpHeaders;
    });
    call.on("data", (chunk) => chunks.push(chunk));
    call.once("error", reject);
    call.once("close", () => {
      const status = Number((answerHeaders as Record<string, unknown>)?.[":status"]);
      const answer = Buffer.concat(chunks);
      resolve({ ...outgoing, status, answerHeaders: answerHeaders ?? {}, answer, trailers: trailers ?? {} });
    });
    call.end(outgoing.body);
  }).finally(() => session.close());
}

/** What a websocket was told and what it answered, message for message. */
export interface SocketExchange {
  readonly path: string;
  readonly sent: readonly Uint8Array[];
  readonly received: readonly Uint8Array[];
  readonly closed: { readonly code: number; readonly reason: string };
}

export function talk(url: string, path: string, sent: readonly Uint8Array[]): Promise<SocketExchange> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/, "ws") + path, "grpc-websockets");
    const received: Buffer[] = [];
    socket.once("open", () => {
      for (const message of sent) socket.send(message);
    });
    socket.on("message", (message: Buffer) => received.push(message));
    socket.once("error", reject);
    socket.once("close", (code, reason) =>
      resolve({ path, sent, received, closed: { code, reason: reason.toString() } }),
    );
  });
}

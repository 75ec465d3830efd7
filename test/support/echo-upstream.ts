import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A server that answers with its name and what it was asked, over HTTP/1.1, HTTP/2 and, by a handshake, websockets. */
export interface EchoUpstream extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
}

export interface Echo {
  readonly name: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

/** It answers `Health/Check` of gRPC with a name as message, and any other gRPC call, too. */
export async function startEchoUpstream(name: string): Promise<EchoUpstream> {
  const answer = (
    request: IncomingMessage | Http2ServerRequest,
    either: ServerResponse | Http2ServerResponse,
  ) => {
    // What both can do; the compiler does not see that they do it alike.
    const response = either as ServerResponse;
    request.resume();
    if (request.headers["content-type"]?.startsWith("application/grpc")) {
      response.writeHead(200, { "content-type": "application/grpc" });
      response.addTrailers({ "grpc-status": "0" });
      response.end(request.url === "/grpc.health.v1.Health/Check" ? SERVING : grpcMessage(name));
      return;
    }
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ name, path: request.url, headers: request.headers }));
  };
  const http1 = createHttp1Server(answer).on("upgrade", (request: IncomingMessage, socket: Socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  const http2 = createHttp2Server(answer);
  const sockets = new Set<Socket>();
  const front = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
    socket.once("readable", () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      socket.unshift(first);
      (first.subarray(0, 3).toString() === "PRI" ? http2 : http1).emit("connection", socket);
    });
  }).listen(0, "127.0.0.1");
  await once(front, "listening");
  return {
    name,
    port: (front.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      front.close();
      await once(front, "close");
    },
  };
}

function grpcMessage(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

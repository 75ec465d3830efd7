/** What happens on a socket. `closed` comes last, once, also where it never opened. */
export interface SocketEvents {
  opened(): void;
  message(bytes: Uint8Array): void;
  closed(code: number, reason: string): void;
}

export interface OpenedSocket {
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedAmount: number;
  send(bytes: Uint8Array): void;
  /** 1000, or 4000 to 4999. */
  close(code: number): void;
}

/** WebSocket as a port: pages have their own, programs bring one. */
export type OpenSocket = (url: string, subprotocol: string, events: SocketEvents) => OpenedSocket;

/** The part of the standard `WebSocket` that is used. */
interface StandardSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  send(bytes: Uint8Array): void;
  close(code: number): void;
  addEventListener(
    type: string,
    listener: (event: { readonly data?: unknown; readonly code?: number; readonly reason?: string }) => void,
  ): void;
}

/** The runtime's own `WebSocket`: in pages, in workers, in Node from 22 on. */
export const openPageSocket: OpenSocket = (url, subprotocol, events) => {
  const { WebSocket } = globalThis as unknown as {
    WebSocket: new (url: string, subprotocols: string[]) => StandardSocket;
  };
  const socket = new WebSocket(url, [subprotocol]);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => events.opened());
  socket.addEventListener("message", ({ data }) => events.message(new Uint8Array(data as ArrayBuffer)));
  socket.addEventListener("close", ({ code = 1006, reason = "" }) => events.closed(code, reason));
  return socket;
};

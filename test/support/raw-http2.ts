import { connect, type Socket } from "node:net";

/** Frame types of RFC 9113, section 6. */
export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A request's header block (RFC 7541), nothing indexed but the static table. */
export function headerBlock(method: "GET" | "POST", path: string): Buffer {
  const literal = (index: number, value: string) =>
    Buffer.concat([Buffer.from([index, value.length]), Buffer.from(value)]);
  return Buffer.concat([
    Buffer.from([method === "GET" ? 0x82 : 0x83, 0x86]),
    literal(0x04, path),
    literal(0x01, "localhost"),
  ]);
}

/** A client that keeps to no rule: it writes what it is told, whatever comes back. */
export class RawHttp2 {
  readonly socket: Socket;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
  /** Error codes of GOAWAY frames, in order. */
  readonly goaways: number[] = [];
  /** Streams that the server has reset. */
  readonly resets: number[] = [];
  #received = Buffer.alloc(0);

  constructor(port: number, settings: Uint8Array = Buffer.alloc(0)) {
    this.socket = connect(port, "127.0.0.1");
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk) => this.#read(chunk));
    this.write(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(FRAME.settings, 0, 0, settings));
  }

  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  write(...frames: readonly Uint8Array[]): void {
    if (this.isOpen) this.socket.write(Buffer.concat(frames));
  }

  /** Writes the same again and again, until the server has had enough of it. */
  async flood(next: (n: number) => Uint8Array): Promise<void> {
    let ended = false;
    void this.closed.then(() => {
      ended = true;
    });
    for (let n = 0; !ended; n++) {
      if (!this.socket.write(next(n)))
        await Promise.race([this.closed, new Promise((resolve) => this.socket.once("drain", resolve))]);
      if (n % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #read(chunk: Uint8Array): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 9) {
      const length = this.#received.readUIntBE(0, 3);
      if (this.#received.length < 9 + length) return;
      const type = this.#received[3];
      if (type === FRAME.goaway) this.goaways.push(this.#received.readUInt32BE(13));
      if (type === FRAME.resetStream) this.resets.push(this.#received.readUInt32BE(5));
      this.#received = this.#received.subarray(9 + length);
    }
  }
}

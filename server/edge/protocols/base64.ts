import { AppError } from "#kernel/errors.ts";

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Decodes base64 that comes in pieces of any length, and may end with padding at any multiple of four characters:
 * clients of gRPC-Web encode each frame for itself and send them one behind the other.
 * @throws AppError `invalid_argument` for anything else.
 */
export class Base64Decoder {
  #rest = "";

  push(chunk: Uint8Array): Buffer {
    const text =
      this.#rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    return decodeWhole(text.slice(0, whole));
  }

  /** Nothing may be left over. Some clients leave the last padding away. */
  end(): Buffer {
    const rest = this.#rest;
    this.#rest = "";
    if (rest.length === 0) return Buffer.alloc(0);
    if (rest.length === 1) throw malformed();
    return decodeWhole(rest.padEnd(4, "="));
  }
}

function decodeWhole(text: string): Buffer {
  if (!text.includes("=")) {
    if (!BASE64.test(text)) throw malformed();
    return Buffer.from(text, "base64");
  }
  const pieces: Buffer[] = [];
  for (let from = 0; from < text.length; ) {
    const padding = text.indexOf("=", from);
    const to = padding < 0 ? text.length : padding - (padding % 4) + 4;
    const piece = text.slice(from, to);
    if (!BASE64.test(piece)) throw malformed();
    pieces.push(Buffer.from(piece, "base64"));
    from = to;
  }
  return Buffer.concat(pieces);
}

function malformed(): AppError {
  return new AppError("invalid_argument", "The request is not base64.");
}

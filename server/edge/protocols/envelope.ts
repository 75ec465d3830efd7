import type { Compression } from "@connectrpc/connect/protocol";

/** A flag byte and four bytes of length stand before each message of gRPC, gRPC-Web and Connect's streams. */
export const ENVELOPE_BYTES = 5;
export const COMPRESSED = 0x01;
/** gRPC-Web's last frame. */
export const TRAILERS = 0x80;

export function envelope(flags: number, bytes: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(ENVELOPE_BYTES + bytes.byteLength);
  framed[0] = flags;
  framed.writeUInt32BE(bytes.byteLength, 1);
  framed.set(bytes, ENVELOPE_BYTES);
  return framed;
}

/** A message, and what unpacks it. */
export interface PackedMessage {
  readonly bytes: Uint8Array;
  readonly packing: Compression | undefined;
}

/** The message of one envelope that fills the body, packed by `packing` where its flag says so; `null`: the body is
 *  anything else. Pure. */
export function onlyMessage(framed: Buffer, packing: Compression | undefined): PackedMessage | null {
  if (framed.length < ENVELOPE_BYTES || framed.readUInt32BE(1) !== framed.length - ENVELOPE_BYTES)
    return null;
  const bytes = framed.subarray(ENVELOPE_BYTES);
  if (framed[0] === 0) return { bytes, packing: undefined };
  return framed[0] === COMPRESSED && packing ? { bytes, packing } : null;
}

import { AppError } from "#kernel/errors.ts";

/** A frame of gRPC-Web: one message, or, with `HEADER_FLAG`, a block of headers or trailers. */
export interface GrpcWebFrame {
  readonly flags: number;
  /** With its prefix. */
  readonly bytes: Uint8Array;
}

/** gRPC-Web, "Protocol differences vs gRPC over HTTP2": the most significant bit. */
export const HEADER_FLAG = 0x80;
export const PREFIX_BYTES = 5;

/** Cuts bytes, in whatever pieces they come, into frames. Holds at most one frame that is not complete. */
export class GrpcWebFrameReader {
  readonly #maxBytes: number;
  /** Of the frame that has begun. */
  readonly #pieces: Uint8Array[] = [];
  #have = 0;

  /** @param options.maxBytes Of one frame without its prefix. */
  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
  }

  /** Bytes of a frame that has begun and is not complete. */
  get pending(): number {
    return this.#have;
  }

  /** The frames that are complete with these bytes, which it may keep.
   *  @throws AppError `resource_exhausted` for a frame above `maxBytes`, as soon as its prefix is read. */
  push(bytes: Uint8Array): GrpcWebFrame[] {
    const frames: GrpcWebFrame[] = [];
    let rest = bytes;
    while (rest.length > 0) {
      const wanted = this.#have < PREFIX_BYTES ? PREFIX_BYTES : this.#frameBytes();
      const piece = rest.subarray(0, wanted - this.#have);
      rest = rest.subarray(piece.length);
      this.#pieces.push(piece);
      this.#have += piece.length;
      if (this.#have >= PREFIX_BYTES && this.#have === this.#frameBytes()) frames.push(this.#take());
    }
    return frames;
  }

  #frameBytes(): number {
    const prefix = this.#prefix();
    const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(1);
    if (length > this.#maxBytes)
      throw new AppError(
        "resource_exhausted",
        `A message has ${length} bytes; at most ${this.#maxBytes} are taken.`,
      );
    return PREFIX_BYTES + length;
  }

  #prefix(): Uint8Array {
    if (this.#pieces[0]!.length < PREFIX_BYTES)
      this.#pieces.splice(0, this.#pieces.length, join(this.#pieces));
    return this.#pieces[0]!;
  }

  #take(): GrpcWebFrame {
    const bytes = this.#pieces.length === 1 ? this.#pieces[0]! : join(this.#pieces);
    this.#pieces.length = 0;
    this.#have = 0;
    return { flags: bytes[0]!, bytes };
  }
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

import { joinBytes } from "../join-bytes.ts";

/** Bytes written one piece behind the other. */
export class GrowingBytes {
  readonly #pieces: Uint8Array[] = [];

  /** Takes bytes that stay as they are. */
  readonly append = (piece: Uint8Array): void => {
    if (piece.length > 0) this.#pieces.push(piece);
  };

  /** Takes a copy of bytes that will change. */
  readonly appendCopy = (piece: Uint8Array): void => this.append(piece.slice());

  /** All bytes, in a buffer of their own. */
  finish(): Uint8Array<ArrayBuffer> {
    return joinBytes(this.#pieces);
  }
}

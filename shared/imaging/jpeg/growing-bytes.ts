import { joinBytes } from "../join-bytes.ts";

/** Bytes written one piece behind the other: into a room while they fit, else kept until they are joined. */
export class GrowingBytes {
  readonly #room: Uint8Array;
  readonly #pieces: Uint8Array[] = [];
  /** Bytes in the room. */
  #written = 0;

  constructor(room: Uint8Array = new Uint8Array()) {
    this.#room = room;
  }

  /** Takes bytes that stay as they are. */
  readonly append = (piece: Uint8Array): void => {
    if (!this.#fits(piece) && piece.length > 0) this.#pieces.push(piece);
  };

  /** Takes a copy of bytes that will change. */
  readonly appendCopy = (piece: Uint8Array): void => {
    if (!this.#fits(piece) && piece.length > 0) this.#pieces.push(piece.slice());
  };

  /** All bytes: a part of the room, or in a buffer of their own. */
  finish(): Uint8Array {
    const written = this.#room.subarray(0, this.#written);
    return this.#pieces.length === 0 && this.#room.length > 0
      ? written
      : joinBytes([written, ...this.#pieces]);
  }

  /** Writes it to the room, if all that came before has fitted as well. */
  #fits(piece: Uint8Array): boolean {
    if (this.#pieces.length > 0 || this.#written + piece.length > this.#room.length) return false;
    this.#room.set(piece, this.#written);
    this.#written += piece.length;
    return true;
  }
}

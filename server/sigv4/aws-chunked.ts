import type { ChunkSignatureChain } from "./chunk-signature.ts";
import { SignatureError } from "./signature-error.ts";

/** Longest line between chunks, in bytes: a chunk's size with its signature, or one trailer. */
const MAX_LINE = 1024;
const MAX_TRAILERS = 16;

export interface ChunkedOptions {
  /** Verifies the chunks; without it they must come unsigned. */
  readonly chain?: ChunkSignatureChain | undefined;
  /** Whether trailers may follow the last chunk. */
  readonly trailers: boolean;
}

/**
 * Decodes the `aws-chunked` content encoding, however its bytes were cut on the way. What `push` answers has not
 * been verified until `finish` returned: keep it out of sight until then.
 */
export class AwsChunkedDecoder {
  readonly #options: ChunkedOptions;
  readonly #trailers = new Map<string, string>();
  #state: "size" | "payload" | "payload-end" | "trailer" | "done" = "size";
  #line = "";
  #left = 0;
  #chunkSignature: string | undefined;
  #trailerSignature: string | undefined;

  constructor(options: ChunkedOptions) {
    this.#options = options;
  }

  /** The trailers, names in lower case; complete after `finish`. */
  get trailers(): ReadonlyMap<string, string> {
    return this.#trailers;
  }

  /** The payload within the next bytes of the stream, as views on them.
   *  @throws SignatureError `InvalidRequest` for bad framing, `SignatureDoesNotMatch`. */
  push(bytes: Uint8Array): Uint8Array[] {
    const payload: Uint8Array[] = [];
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#state === "payload") {
        const piece = bytes.subarray(offset, offset + this.#left);
        offset += piece.length;
        this.#left -= piece.length;
        this.#options.chain?.update(piece);
        payload.push(piece);
        if (this.#left === 0) this.#state = "payload-end";
        continue;
      }
      if (this.#state === "done") throw framing("Bytes follow the end of the body.");
      offset = this.#readLine(bytes, offset);
    }
    return payload;
  }

  /** @throws SignatureError `IncompleteBody` when the end is missing, `SignatureDoesNotMatch`. */
  finish(): void {
    if (this.#state !== "done")
      throw new SignatureError("IncompleteBody", "The body ended before its last chunk.");
  }

  #readLine(bytes: Uint8Array, start: number): number {
    const end = bytes.indexOf(10, start);
    const stop = end < 0 ? bytes.length : end + 1;
    if (this.#line.length + (stop - start) > MAX_LINE) throw framing("A chunk header is too long.");
    this.#line += Buffer.from(bytes.buffer, bytes.byteOffset + start, stop - start).toString("latin1");
    if (end >= 0) {
      const line = this.#line;
      this.#line = "";
      if (line.endsWith("\r\n")) this.#takeLine(line.slice(0, -2));
      else if (this.#state === "trailer") this.#takeLine(line.slice(0, -1));
      else throw framing("A chunk header must end with CR LF.");
    }
    return stop;
  }

  #takeLine(line: string): void {
    if (this.#state === "payload-end") {
      if (line !== "") throw framing("A chunk is longer than its header says.");
      this.#verifyChunk();
      this.#state = "size";
    } else if (this.#state === "size") this.#startChunk(line);
    else this.#takeTrailer(line);
  }

  #startChunk(line: string): void {
    const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
    if (!match) throw framing("A chunk header is not “size” or “size;chunk-signature=…”.");
    this.#left = Number.parseInt(match[1]!, 16);
    this.#chunkSignature = match[2];
    if (this.#left > 0) {
      this.#state = "payload";
      return;
    }
    this.#verifyChunk();
    this.#state = "trailer";
  }

  #verifyChunk(): void {
    const { chain } = this.#options;
    if (chain) chain.check(chain.nextChunk(), this.#chunkSignature);
  }

  /** S3's own example ends a trailer with `\n\r\n`: before the signature an empty line ends nothing. */
  #takeTrailer(line: string): void {
    const { chain, trailers } = this.#options;
    if (line === "") {
      if (chain && trailers && this.#trailerSignature === undefined) return;
      this.#verifyTrailers();
      this.#state = "done";
      return;
    }
    const colon = line.indexOf(":");
    if (!trailers || colon < 1 || this.#trailers.size >= MAX_TRAILERS)
      throw framing("An unexpected trailer follows the last chunk.");
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "x-amz-trailer-signature") this.#trailerSignature = value;
    else this.#trailers.set(name, value);
  }

  #verifyTrailers(): void {
    const { chain, trailers } = this.#options;
    if (!chain || !trailers) return;
    const canonical = Array.from(this.#trailers, ([name, value]) => `${name}:${value}\n`)
      .sort()
      .join("");
    chain.check(chain.trailer(canonical), this.#trailerSignature);
  }
}

function framing(message: string): SignatureError {
  return new SignatureError("InvalidRequest", `The aws-chunked body is malformed. ${message}`);
}

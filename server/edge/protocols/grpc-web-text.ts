import { Base64Decoder } from "./base64.ts";

const TEXT = /^application\/grpc-web-text/i;

/** `application/grpc-web-text+proto` → `application/grpc-web+proto`; `undefined`: it is no text. */
export function binaryTypeOf(contentType: string | undefined): string | undefined {
  return contentType !== undefined && TEXT.test(contentType)
    ? contentType.replace(TEXT, "application/grpc-web")
    : undefined;
}

/** `application/grpc-web+proto` → `application/grpc-web-text+proto`. */
export function textTypeOf(contentType: string): string {
  return contentType.replace(/^application\/grpc-web/i, "application/grpc-web-text");
}

/** The bytes that a text form's body stands for. */
export async function* decodeText(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new Base64Decoder();
  for await (const chunk of chunks) yield decoder.push(chunk);
  yield decoder.end();
}

/** Each piece with its own padding, so that all of it can be read as soon as it arrives: google's client decodes whole
 *  groups of four characters as they come, and goes on behind padding. */
export async function* encodeText(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield encodePiece(chunk);
}

export function encodePiece(bytes: Uint8Array): Buffer {
  return Buffer.from(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
    "latin1",
  );
}

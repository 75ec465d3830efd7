import { type DescMessage, fromBinary, toJson } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";

const BYTES_A_LINE = 16;
const HEX_WIDTH = BYTES_A_LINE * 3 - 1;
const FRAME_PREFIX_BYTES = 5;
const END_OF_CONNECT_STREAM = 0x02;
const FLAGS: Readonly<Record<number, string>> = {
  0: "a message, not packed",
  [END_OF_CONNECT_STREAM]: "the end of the stream",
  128: "headers or trailers",
};

/** A message of a protocol whose frames are one flag, four bytes of length, and what they hold: gRPC, gRPC-Web, and
 *  Connect's streams. */
export function frameLines(schema: DescMessage, bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const flag = bytes[at]!;
    const start = at + FRAME_PREFIX_BYTES;
    const length = new DataView(bytes.buffer, bytes.byteOffset + at + 1).getUint32(0);
    const content = bytes.subarray(start, start + length);
    lines.push(...hexLines(bytes.subarray(at, at + 1), FLAGS[flag] ?? "?"));
    lines.push(...hexLines(bytes.subarray(at + 1, start), length === 1 ? "1 byte" : `${length} bytes`));
    lines.push(...(flag === 0 ? messageLines(schema, content) : textLines(content)));
    at = start + length;
  }
  return lines;
}

/** The fields of a message, each with its name and value in JSON. */
export function messageLines(schema: DescMessage, bytes: Uint8Array): string[] {
  const reader = new BinaryReader(bytes);
  const values = toJson(schema, fromBinary(schema, bytes)) as Record<string, unknown>;
  const lines: string[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    reader.skip(wireType, number);
    const name = schema.fields.find((field) => field.number === number)?.jsonName ?? "";
    lines.push(
      ...hexLines(bytes.subarray(start, reader.pos), `${number}, ${name}: ${JSON.stringify(values[name])}`),
    );
  }
  return lines;
}

/** Bytes with their characters beside. What differs each time is `xx`. */
export function textLines(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes)
    .toString("latin1")
    .replace(/(?<=x-request-id: )[^\r]+|(?<=traceparent: )[^\r]+/g, (value) => "\0".repeat(value.length));
  return chunksOf(Buffer.from(text, "latin1")).flatMap((chunk) => {
    const characters = Buffer.from(chunk).toString("latin1").replaceAll("\0", "x");
    const [line = ""] = hexLines(chunk, characters.replace(/[^\x20-\x7e]/g, "."));
    return line.slice(0, HEX_WIDTH).replaceAll("00", "xx") + line.slice(HEX_WIDTH);
  });
}

/** Bytes with what they mean beside the first of them. */
export function hexLines(bytes: Uint8Array, meaning: string): string[] {
  return chunksOf(bytes).map((chunk, index) => {
    const hex = Array.from(chunk, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    return index === 0 ? `${hex.padEnd(HEX_WIDTH)}  ${meaning}` : hex;
  });
}

function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / BYTES_A_LINE);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * BYTES_A_LINE, (at + 1) * BYTES_A_LINE));
}

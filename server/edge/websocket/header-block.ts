import { AppError } from "#kernel/errors.ts";

/** HTTP/1.1 servers take as much. */
export const MAX_HEADER_BLOCK_BYTES = 16 * 1024;
const MAX_HEADERS = 100;
/** A field name (RFC 9110, section 5.1) and a value of printable ASCII, as gRPC's metadata has it. */
const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t]*?)[ \t]*$/;
/** Set in frames that hold headers or trailers (gRPC-Web, "Protocol differences vs gRPC over HTTP2"). */
const HEADER_FLAG = 0x80;
const FRAME_PREFIX_BYTES = 5;

/** The lines `name: value` of a client's first message; names in lower case, several of one name joined by `, `.
 *  @throws AppError `invalid_argument` for what is no header block. */
export function parseHeaderBlock(bytes: Uint8Array): Map<string, string> {
  if (bytes.length > MAX_HEADER_BLOCK_BYTES) throw wrong(`longer than ${MAX_HEADER_BLOCK_BYTES} bytes`);
  const headers = new Map<string, string>();
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1").split("\r\n");
  // Each line ends with one; some clients leave the last out.
  if (lines.at(-1) === "") lines.pop();
  if (lines.length > MAX_HEADERS) throw wrong(`more than ${MAX_HEADERS} lines`);
  for (const line of lines) {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) throw wrong("a line that is none of `name: value`");
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** The frame that carries headers to the client, or trailers. */
export function headerFrame(headers: Iterable<readonly [string, string]>): Uint8Array {
  let block = "";
  for (const [name, value] of headers) block += `${name.toLowerCase()}: ${value}\r\n`;
  const frame = Buffer.alloc(FRAME_PREFIX_BYTES + block.length);
  frame[0] = HEADER_FLAG;
  frame.writeUInt32BE(block.length, 1);
  frame.write(block, FRAME_PREFIX_BYTES, "latin1");
  return frame;
}

function wrong(what: string): AppError {
  return new AppError("invalid_argument", `The first message is no header block: ${what}.`);
}

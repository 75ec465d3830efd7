import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, constants, gunzip, gzip } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";

/** Smaller messages gain nothing. Bytes. */
export const COMPRESS_MIN_BYTES = 1024;
/** What inflates to less is never a bomb. */
const UNSUSPECTED_BYTES = 1024 * 1024;
/** DEFLATE reaches 1,032 with nothing but zeros; texts of our kind stay below 30. */
const MAX_RATIO = 200;
/** The default, 11, is for files packed once and read often: a hundred times the work for a seventh less. */
const BROTLI_QUALITY = 4;

type Inflate = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

export const GZIP: Compression = {
  name: "gzip",
  compress: async (bytes) => owned(await promisify(gzip)(bytes)),
  decompress: (bytes, maxBytes) => inflate(promisify(gunzip) as Inflate, bytes, maxBytes),
};

export const BROTLI: Compression = {
  name: "br",
  compress: async (bytes) => {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
    };
    return owned(await promisify(brotliCompress as never as BrotliCompress)(bytes, { params }));
  },
  decompress: (bytes, maxBytes) => inflate(promisify(brotliDecompress) as Inflate, bytes, maxBytes),
};

type BrotliCompress = (
  bytes: Uint8Array,
  options: { readonly params: Record<number, number> },
  callback: (error: Error | null, result: Buffer) => void,
) => void;

/** By what a header calls them. */
export const COMPRESSIONS: ReadonlyMap<string, Compression> = new Map([
  ["gzip", GZIP],
  ["br", BROTLI],
]);

/** Inflates at most `maxBytes`, and stops early where a little grows to very much.
 *  @throws ConnectError `resource_exhausted` above either, `invalid_argument` for what is not in this form. */
async function inflate(
  inflater: Inflate,
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes.byteLength === 0) return new Uint8Array(0);
  const maxOutputLength = Math.min(maxBytes, Math.max(UNSUSPECTED_BYTES, bytes.byteLength * MAX_RATIO));
  try {
    return owned(await inflater(bytes, { maxOutputLength }));
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw tooLarge
      ? new ConnectError(
          maxOutputLength === maxBytes
            ? `The message has more than ${maxBytes} bytes after decompression.`
            : `The message grows more than ${MAX_RATIO} times by decompression.`,
          Code.ResourceExhausted,
        )
      : new ConnectError(
          "The message cannot be decompressed.",
          Code.InvalidArgument,
          undefined,
          undefined,
          cause,
        );
  }
}

function owned(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

import type { Readable } from "node:stream";
import { AppError } from "#kernel/errors.ts";

/** So much of a body that nobody wants is read and thrown away, so that the answer arrives and the connection lives.
 *  A client that sends more is cut off. Bytes. */
const DRAINED_BYTES = 16 * 1024 * 1024;

/** The chunks of a body. Whoever stops early leaves the rest to be drained, not a broken connection. */
export async function* bodyChunks(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body.iterator({ destroyOnReturn: false });
  } finally {
    drain(body);
  }
}

/** Reads what is left of a body, and forgets it. */
export function drain(body: Readable): void {
  if (body.readableEnded || body.destroyed) return;
  let left = DRAINED_BYTES;
  body.on("error", () => {});
  body.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) body.destroy();
  });
}

/** Drains a body to its end. A connection that is closed before takes with it what the client has yet to read. Some
 *  clients end their messages only after the answer has: they are waited for so many milliseconds. */
export async function bodyEnd(body: Readable, withinMs: number): Promise<void> {
  if (body.readableEnded || body.destroyed) return;
  drain(body);
  await new Promise<void>((resolve) => {
    const late = setTimeout(resolve, withinMs);
    const ended = () => {
      clearTimeout(late);
      resolve();
    };
    body.once("end", ended).once("close", ended);
  });
}

/** The whole body. @throws what `tooLarge` makes above `limit` bytes, the rest is drained; AppError `aborted`. */
export async function readBody(
  body: Readable,
  limit: number,
  tooLarge: (limit: number) => Error,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: unknown) => {
      body.off("data", onData).off("end", settle).off("close", onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) return void chunks.push(chunk);
      settle(tooLarge(limit));
      drain(body);
    };
    const onClose = () => settle(body.errored ?? new AppError("aborted", "The client has gone."));
    if (body.readableEnded) return resolve();
    if (body.destroyed) return onClose();
    body.on("data", onData).once("end", settle).once("close", onClose).once("error", onClose);
  });
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

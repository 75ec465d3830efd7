import { createHash, hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { throwIfAborted } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";
import type { ByteSource } from "#upload/ports.ts";

/** Bytes read at once from a large file. */
const CHUNK = 256 * 1024;

export interface FileFacts {
  readonly size: number;
  /** Decimal nanoseconds. */
  readonly mtimeNs: string;
}

/**
 * Reads a file once, into `into` when it is given (then exactly as long as the file), and answers its SHA-256 in lower-case
 * hex. What it was at the scan, before the reading and after it must be the same.
 * @throws AppError `file.changed` (backoff), `file.vanished`, `file.unreadable`, `aborted`.
 */
export async function readWhole(
  path: string,
  expected: FileFacts,
  { into, signal }: { readonly into: Buffer | null; readonly signal: AbortSignal },
): Promise<string> {
  await using handle = await openFile(path);
  await unchanged(handle, expected);
  if (into) {
    await fill(handle, into, 0);
    await unchanged(handle, expected);
    return hash("sha256", into, "hex");
  }
  const digest = createHash("sha256");
  const chunk = Buffer.allocUnsafeSlow(Math.min(4 * CHUNK, expected.size));
  for (let at = 0; at < expected.size; ) {
    throwIfAborted(signal);
    const part = chunk.subarray(0, Math.min(chunk.length, expected.size - at));
    await fill(handle, part, at);
    digest.update(part);
    at += part.length;
  }
  await unchanged(handle, expected);
  return digest.digest("hex");
}

/** The bytes of a file in memory. */
export function memorySource(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    bytes: (start, end) => bytes.subarray(start, end),
    stream: (start, end) => ReadableStream.from([bytes.subarray(start, end)]),
  };
}

/** The bytes of a file on disk. Its streams fail with `file.changed` when the file is no longer what it was. */
export function fileSource(path: string, expected: FileFacts): ByteSource {
  return {
    size: expected.size,
    stream: (start, end) => ReadableStream.from(readRange(path, expected, start, end)),
  };
}

async function* readRange(
  path: string,
  expected: FileFacts,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  await using handle = await openFile(path);
  await unchanged(handle, expected);
  for (let at = start; at < end; ) {
    const part = Buffer.allocUnsafeSlow(Math.min(CHUNK, end - at));
    await fill(handle, part, at);
    at += part.length;
    if (at >= end) await unchanged(handle, expected);
    yield part;
  }
}

/** Size and time of a file as they are now. @throws AppError `file.vanished`, `file.unreadable`. */
export async function factsOf(path: string): Promise<FileFacts> {
  await using handle = await openFile(path);
  return await facts(handle);
}

async function facts(handle: FileHandle): Promise<FileFacts> {
  const { size, mtimeNs } = await handle.stat({ bigint: true });
  return { size: Number(size), mtimeNs: String(mtimeNs) };
}

async function unchanged(handle: FileHandle, expected: FileFacts): Promise<void> {
  const now = await facts(handle);
  if (now.size !== expected.size || now.mtimeNs !== expected.mtimeNs) throw changed();
}

async function fill(handle: FileHandle, target: Buffer, position: number): Promise<void> {
  for (let filled = 0; filled < target.length; ) {
    const { bytesRead } = await handle
      .read(target, filled, target.length - filled, position + filled)
      .catch((error: unknown) => {
        throw asFileError(error);
      });
    if (bytesRead === 0) throw changed();
    filled += bytesRead;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw asFileError(error);
  }
}

function asFileError(error: unknown): AppError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT")
    return new AppError("file.vanished", "The file is no longer there. Put it back, and import again.", {
      cause: error,
    });
  return new AppError(
    "file.unreadable",
    code === "EACCES" || code === "EPERM"
      ? "The file cannot be read. Allow it, and import again."
      : "The file cannot be read. The disk or card may be damaged or removed; put it back, and import again.",
    { cause: error },
  );
}

function changed(): AppError {
  return new AppError(
    "file.changed",
    "The file was being written while it was read. Import again when it is complete.",
    { retry: "backoff" },
  );
}

import { closeSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import type { BlobStore } from "./blob-store.ts";
import type { ByteRange } from "./http-range.ts";
import type { Segment } from "./stored-object.ts";

/** Bytes read from disk at once. */
const BLOCK = 256 * 1024;
/** So many bytes are read where we are: three trips to other threads would take longer than the disk, which has most
 *  likely still got them in memory. */
const SMALL = 64 * 1024;
/** One block is being read, one was handed out last, one may still be on its way to the network. */
const BLOCKS = 3;

/**
 * The bytes of a range, from one file after the other, read ahead of who consumes them by one block. The blobs must be
 * held. Blocks are used again, since fresh ones kept the garbage collector busy for a tenth of the time: a block is
 * valid until the second `next()` after it.
 * @param ring where the blocks are kept; empty. Who hands in an own one may free them when the last was consumed.
 */
export async function* readSegments(
  blobs: BlobStore,
  segments: readonly Segment[],
  range: ByteRange,
  ring: Buffer[] = [],
): AsyncGenerator<Buffer, void> {
  const size = Math.min(BLOCK, range.end - range.start);
  let turn = 0;
  const nextBlock = () => {
    const index = turn++ % BLOCKS;
    ring[index] ??= Buffer.allocUnsafeSlow(size);
    return ring[index];
  };
  let offset = 0;
  for (const segment of segments) {
    const start = Math.max(range.start - offset, 0);
    const end = Math.min(range.end - offset, segment.size);
    offset += segment.size;
    if (segment.blob === null || start >= end) continue;
    yield* readFile(blobs.path(segment.blob), { start, end }, nextBlock);
  }
}

async function* readFile(
  path: string,
  { start, end }: ByteRange,
  nextBlock: () => Buffer,
): AsyncGenerator<Buffer, void> {
  if (end - start <= SMALL) {
    yield readSmall(path, { start, end }, nextBlock());
    return;
  }
  const file = await open(path, "r");
  const readAt = (position: number) => {
    const block = nextBlock();
    return file.read(block, 0, Math.min(block.length, end - position), position);
  };
  let ahead = readAt(start);
  try {
    for (let position = start; position < end; ) {
      const { bytesRead, buffer } = await ahead;
      if (bytesRead === 0) throw new Error("A blob is shorter than the index says.");
      position += bytesRead;
      if (position < end) ahead = readAt(position);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await ahead.catch(() => undefined);
    await file.close();
  }
}

function readSmall(path: string, { start, end }: ByteRange, block: Buffer): Buffer {
  const file = openSync(path, "r");
  try {
    const length = end - start;
    for (let filled = 0; filled < length; ) {
      const bytesRead = readSync(file, block, filled, length - filled, start + filled);
      if (bytesRead === 0) throw new Error("A blob is shorter than the index says.");
      filled += bytesRead;
    }
    return block.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

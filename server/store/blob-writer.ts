import { closeSync, fdatasync, openSync, write, writev } from "node:fs";
import { unlink } from "node:fs/promises";
import { promisify } from "node:util";
import { freeMemory } from "#kernel/free-memory.ts";

const datasync = promisify(fdatasync);
const writeOne = promisify(write);
const writeMany = promisify(writev);

/** Bytes that may wait for the disk before the sender is held back. */
const HIGH_WATER = 1024 * 1024;
/** Bytes after which the disk is set to work while more arrive, so that little is left to sync at the end. */
const SYNC_EVERY = 8 * 1024 * 1024;

/**
 * Writes one blob. Bytes that arrive while the disk is busy go out together with the next write.
 * After an error only `abandon` may be called.
 */
export class BlobWriter {
  readonly id: string;
  readonly #path: string;
  /** Opened and closed where we are: for a small picture, trips to other threads cost more than all else. */
  #file: number | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #unsynced = 0;
  #syncing: Promise<void> | undefined;
  #failure: unknown;
  readonly #consumes: boolean;

  /** @param consumes the bytes are the writer's to free: nobody else looks at them again. */
  constructor(id: string, path: string, { consumes }: { readonly consumes: boolean }) {
    this.id = id;
    this.#path = path;
    this.#consumes = consumes;
  }

  /** Takes bytes, which must not change any more. Wait for the promise, if there is one, before the next.
   *  @throws what the file system threw. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#writing ??= this.#drain();
    return this.#waitingBytes > HIGH_WATER ? this.#writing : undefined;
  }

  /** Resolves when every byte has been handed to the system; the caller may then use its buffers again. */
  async flushed(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Resolves when every byte is on disk, under the temporary name. */
  async finish(): Promise<void> {
    await this.flushed();
    if (this.#failure !== undefined) throw this.#failure;
    const file = this.#file;
    this.#file = undefined;
    try {
      await this.#syncing;
      if (this.#failure !== undefined) throw this.#failure;
      if (file !== undefined) await datasync(file);
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** Removes what was written. Never fails. */
  async abandon(): Promise<void> {
    this.#waiting = [];
    await this.#writing;
    await this.#syncing;
    const file = this.#file;
    this.#file = undefined;
    try {
      if (file !== undefined) closeSync(file);
    } catch {
      // Whatever it says of bytes that nobody wants.
    }
    await unlink(this.#path).catch(() => undefined);
  }

  /** Never waits; a failure is kept, as the system reports it only once. */
  #syncAhead(file: number, bytes: number): void {
    this.#unsynced += bytes;
    if (this.#unsynced < SYNC_EVERY || this.#syncing) return;
    this.#unsynced = 0;
    this.#syncing = datasync(file)
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#syncing = undefined;
      });
  }

  /** Never rejects: the next call meets the failure. */
  async #drain(): Promise<void> {
    // Not in the call that begins it, which has yet to keep our promise.
    await null;
    try {
      this.#file ??= openSync(this.#path, "wx");
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        const bytes = this.#waitingBytes;
        this.#waiting = [];
        this.#waitingBytes = 0;
        await writeAll(this.#file, batch, bytes);
        if (this.#consumes) for (const written of batch) freeMemory(written);
        this.#syncAhead(this.#file, bytes);
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#writing = undefined;
    }
  }
}

/** A full disk may take the first part of a write; the next one then says why. */
async function writeAll(file: number, batch: Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await writeMany(file, batch);
  if (bytesWritten === bytes) return;
  const rest = Buffer.concat(batch).subarray(bytesWritten);
  for (let offset = 0; offset < rest.length; ) {
    const written = await writeOne(file, rest, offset);
    offset += written.bytesWritten;
  }
}

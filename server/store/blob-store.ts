import { closeSync, fsyncSync, mkdirSync, openSync, renameSync } from "node:fs";
import { open, readdir, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "#kernel/random.ts";
import { BlobWriter } from "./blob-writer.ts";

const SHARDS = 256;
/** New blobs in a row that share a directory, so that blobs committed together need one directory sync. */
const RUN = 64;

/**
 * Files that hold bytes, named by random ids: `tmp/` while they are written, then `blobs/xx/`. A file counts only when
 * the index refers to it; any other is left over from a crash and swept.
 */
export class BlobStore {
  readonly #tmp: string;
  readonly #blobs: string;
  readonly #random: Random;
  /** Written by this process and not yet referred to. */
  readonly #fresh = new Set<string>();
  /** Readers per blob: a file that is being read is deleted after the last one. */
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();
  readonly #deletions = new Set<Promise<void>>();
  #count: number;

  constructor(deps: { readonly random: Random }, options: { readonly dataDir: string }) {
    this.#tmp = join(options.dataDir, "tmp");
    this.#blobs = join(options.dataDir, "blobs");
    this.#random = deps.random;
    this.#count = Math.floor(deps.random.float() * SHARDS) * RUN;
  }

  /** Makes the directories durable and removes what a crash left in `tmp/`. */
  async start(): Promise<void> {
    mkdirSync(this.#blobs, { recursive: true });
    await rm(this.#tmp, { recursive: true, force: true });
    mkdirSync(this.#tmp);
    for (let shard = 0; shard < SHARDS; shard++)
      mkdirSync(join(this.#blobs, shardName(shard)), { recursive: true });
    syncDirectory(this.#blobs);
    syncDirectory(join(this.#blobs, ".."));
  }

  /** Starts a new blob. @param options.consumes See `BlobWriter`. @default false */
  create({ consumes = false }: { readonly consumes?: boolean } = {}): BlobWriter {
    const shard = Math.floor(this.#count++ / RUN) % SHARDS;
    const id = `${shardName(shard)}${this.#random.uuid().replaceAll("-", "")}`;
    return new BlobWriter(id, join(this.#tmp, id), { consumes });
  }

  /** Moves a finished blob to where it stays. It must be `settle`d or `discard`ed afterwards. */
  publish(id: string): void {
    this.#fresh.add(id);
    renameSync(join(this.#tmp, id), this.#path(id));
  }

  /** Makes the names of published blobs durable. */
  async syncNames(ids: readonly string[]): Promise<void> {
    const shards = new Set(ids.map((id) => id.slice(0, 2)));
    await Promise.all(
      Array.from(shards, async (shard) => {
        if (process.platform === "win32") return;
        const handle = await open(join(this.#blobs, shard), "r");
        try {
          await handle.sync();
        } finally {
          await handle.close();
        }
      }),
    );
  }

  /** The index refers to it from now on. */
  settle(id: string): void {
    this.#fresh.delete(id);
  }

  /** Deletes blobs that the index no longer refers to, each after its last reader. */
  discard(ids: Iterable<string>): void {
    for (const id of ids)
      if (this.#readers.has(id)) this.#doomed.add(id);
      else this.#delete(id);
  }

  /** Keeps blobs readable until disposed, whatever happens to the objects they belong to. */
  hold(ids: readonly string[]): Disposable {
    for (const id of ids) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    let released = false;
    return {
      [Symbol.dispose]: () => {
        if (released) return;
        released = true;
        for (const id of ids) this.#release(id);
      },
    };
  }

  path(id: string): string {
    return this.#path(id);
  }

  /** Deletes every file that `isReferred` does not know. Answers how many. */
  async sweep(isReferred: (id: string) => boolean, signal: AbortSignal): Promise<number> {
    let swept = 0;
    for (let shard = 0; shard < SHARDS && !signal.aborted; shard++) {
      const names = await readdir(join(this.#blobs, shardName(shard)));
      for (const id of names) {
        if (this.#fresh.has(id) || this.#doomed.has(id) || isReferred(id)) continue;
        await unlink(join(this.#blobs, shardName(shard), id)).catch(ignoreMissing);
        swept++;
      }
    }
    return swept;
  }

  /** Resolves when all deletions under way are done. */
  async settled(): Promise<void> {
    await Promise.all(this.#deletions);
  }

  #release(id: string): void {
    const left = (this.#readers.get(id) ?? 1) - 1;
    if (left > 0) this.#readers.set(id, left);
    else {
      this.#readers.delete(id);
      if (this.#doomed.delete(id)) this.#delete(id);
    }
  }

  #delete(id: string): void {
    const deletion = unlink(this.#path(id))
      .catch(ignoreMissing)
      .finally(() => {
        this.#fresh.delete(id);
        this.#deletions.delete(deletion);
      });
    this.#deletions.add(deletion);
  }

  #path(id: string): string {
    return join(this.#blobs, id.slice(0, 2), id);
  }
}

function shardName(shard: number): string {
  return shard.toString(16).padStart(2, "0");
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}

function syncDirectory(path: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { dirname, join } from "node:path";
import { Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import type { WindowCore } from "#contracts/ipc.ts";
import { channels } from "#contracts/ipc.ts";
import { AppError } from "#kernel/errors.ts";
import { droppedPathSegments } from "./dropped-path.ts";

export interface DropLimits {
  /** Bytes of one file. @default 4 GiB */
  readonly maxFileBytes?: number;
  /** Files of one drop. @default 100_000 */
  readonly maxFiles?: number;
}

export interface DropDeps {
  readonly core: WindowCore;
  /** @default a new file, which must not exist yet */
  readonly createFile?: (path: string) => Writable;
}

/** Of the inbox: drops that are still arriving. */
const INCOMING = ".incoming";
const DROP_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const { mark, template, values } = channels["import.start"].request.shape;
const finishSchema = z.strictObject({ mark, template, values });

/**
 * Dropped files of a page, which cannot give paths: their bytes are streamed to the inbox, then imported from there.
 * What has not been finished lies apart, so that the next start can clear it away.
 */
export class DropEndpoint {
  readonly #core: WindowCore;
  readonly #createFile: (path: string) => Writable;
  readonly #inboxDir: string;
  readonly #maxFileBytes: number;
  readonly #maxFiles: number;
  readonly #files = new Map<string, number>();

  constructor(deps: DropDeps, options: DropLimits & { readonly inboxDir: string }) {
    this.#core = deps.core;
    this.#createFile = deps.createFile ?? ((path) => createWriteStream(path, { flags: "wx" }));
    this.#inboxDir = options.inboxDir;
    this.#maxFileBytes = options.maxFileBytes ?? 4 * 1024 ** 3;
    this.#maxFiles = options.maxFiles ?? 100_000;
  }

  /** Clears away what an earlier run took in and did not finish. */
  async start(): Promise<void> {
    await rm(join(this.#inboxDir, INCOMING), { recursive: true, force: true });
  }

  /** Takes one file in. A broken or refused one leaves nothing behind.
   *  @throws AppError `invalid_argument`, `upload.too_large`, `resource_exhausted`, `disk.full`, `aborted` */
  async put(dropId: string, encodedPath: string, request: IncomingMessage): Promise<void> {
    const folder = this.#folderOf(dropId);
    const target = join(folder, ...droppedPathSegments(encodedPath));
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > this.#maxFileBytes) throw this.#tooLarge();
    const files = (this.#files.get(dropId) ?? 0) + 1;
    if (files > this.#maxFiles)
      throw new AppError("resource_exhausted", `More than ${this.#maxFiles} files were dropped at once.`);
    this.#files.set(dropId, files);

    const temporary = join(folder, `.${randomUUID()}.part`);
    try {
      await mkdir(dirname(target), { recursive: true });
      await pipeline(request, this.#limit(), this.#createFile(temporary));
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw this.#explain(error);
    }
  }

  /** Starts the import of what has arrived. */
  async finish(dropId: string, body: unknown, signal: AbortSignal): Promise<{ readonly jobId: string }> {
    const folder = this.#folderOf(dropId);
    const parsed = finishSchema.safeParse(body);
    if (!parsed.success)
      throw new AppError("invalid_argument", `The mark is wrong: ${parsed.error.issues[0]?.message ?? ""}`);
    const arrived = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (arrived.length === 0)
      throw new AppError("not_found", "Nothing was dropped, or it did not arrive. Drop the files again.");
    this.#files.delete(dropId);
    const kept = join(this.#inboxDir, dropId);
    await rename(folder, kept);
    // A folder that was dropped by itself gives the import its name.
    const [only] = arrived;
    const path = arrived.length === 1 && only!.isDirectory() ? join(kept, only!.name) : kept;
    return this.#core.handlers["import.start"]({ path, ...parsed.data }, { signal });
  }

  /** Takes back what has arrived of a drop that was not finished. */
  async discard(dropId: string): Promise<void> {
    const folder = this.#folderOf(dropId);
    if (!this.#files.delete(dropId)) return;
    await rm(folder, { recursive: true, force: true });
  }

  #folderOf(dropId: string): string {
    if (!DROP_ID.test(dropId)) throw new AppError("invalid_argument", "The drop has no valid id.");
    return join(this.#inboxDir, INCOMING, dropId);
  }

  #limit(): Transform {
    let bytes = 0;
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        if (bytes > this.#maxFileBytes) done(this.#tooLarge());
        else done(null, chunk);
      },
    });
  }

  #tooLarge(): AppError {
    return new AppError(
      "upload.too_large",
      "The file is too large to drop here. Choose its folder instead.",
      {
        details: { maxBytes: this.#maxFileBytes },
      },
    );
  }

  #explain(error: unknown): AppError {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOSPC" || code === "EDQUOT")
      return new AppError(
        "disk.full",
        "The disk is full. Free some space, then drop the files again; or choose their folder, which copies nothing.",
        { cause: error },
      );
    if (code === "ENAMETOOLONG" || code === "EISDIR" || code === "ENOTDIR")
      return new AppError("invalid_argument", "A dropped file's name cannot be used here.", { cause: error });
    if (code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET")
      return new AppError("aborted", "The file did not arrive whole.", { cause: error });
    return AppError.from(error);
  }
}

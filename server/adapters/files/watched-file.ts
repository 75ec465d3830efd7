import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { WatchedFile } from "../../services/ports/watched-file.ts";
import { FolderBell } from "../templates/folder-bell.ts";
import { stampOf } from "../templates/read-template.ts";

export interface WatchedFileOptions {
  readonly path: string;
  /** How long it must have rested before it counts as changed. Milliseconds. @default 100 */
  readonly restMs?: number;
  /** Between two looks when the system says nothing, as on network drives. Milliseconds. @default 2_000 */
  readonly pollMs?: number;
  /** Whether the system is asked to tell of changes. @default true */
  readonly listen?: boolean;
}

const MAX_BYTES = 1024 * 1024;
const MODE = 0o644;
const GONE = "gone";

/** A file that editors, deployments and mounted configuration replace, each in their own way. */
export function createWatchedFile(
  { clock }: { readonly clock: Clock },
  { path, restMs = 100, pollMs = 2_000, listen = true }: WatchedFileOptions,
): WatchedFile & Disposable {
  const bell = new FolderBell({ clock }, { folder: dirname(path), listen });
  /** Of what was read last. */
  let readStamp: string | null = null;
  return {
    path,

    async read() {
      try {
        await using file = await open(path, "r");
        const before = await file.stat({ bigint: true });
        readStamp = stampOf(before);
        if (!before.isFile()) throw new AppError("file.unreadable", "This is not a file.");
        if (before.size > MAX_BYTES) throw new AppError("invalid_argument", "It has more than 1 MiB.");
        const bytes = await file.readFile();
        if (stampOf(await file.stat({ bigint: true })) !== readStamp) {
          readStamp = null;
          throw new AppError("file.changed", "The file is being written.");
        }
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      } catch (cause) {
        if (cause instanceof AppError) throw cause;
        const { code } = cause as NodeJS.ErrnoException;
        if (code === "ENOENT") {
          readStamp = GONE;
          return null;
        }
        const why = cause instanceof TypeError ? "not UTF-8" : (code ?? "unknown reason");
        throw new AppError("file.unreadable", `The file cannot be read (${why}).`, { cause });
      }
    },

    write: (text) => writeWhole(path, text),

    async changed({ signal }) {
      for (let waitMs = 0; !signal.aborted; waitMs = pollMs) {
        if (waitMs > 0) await bell.wait(waitMs, { signal });
        const seen = await currentStamp(path);
        if (seen === readStamp) continue;
        await clock.sleep(restMs, { signal }).catch(() => {});
        if (!signal.aborted && (await currentStamp(path)) === seen) return;
      }
    },

    [Symbol.dispose]: () => bell[Symbol.dispose](),
  };
}

async function currentStamp(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(stampOf, () => GONE);
}

async function writeWhole(path: string, text: string): Promise<void> {
  try {
    // What a link leads to is replaced, not the link.
    const target = await realpath(path).catch(() => path);
    const mode = await stat(target).then(
      (facts) => facts.mode & 0o777,
      () => MODE,
    );
    const temporary = `${target}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      await writeThrough(temporary, text, mode);
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
    await using folder = await open(dirname(target), "r");
    await folder.sync();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT")
      throw new AppError("disk.full", `${path} cannot be written: the disk is full.`, { cause });
    throw new AppError("unavailable", `${path} cannot be written (${code ?? "unknown reason"}).`, { cause });
  }
}

async function writeThrough(path: string, text: string, mode: number): Promise<void> {
  await using file = await open(path, "wx", mode);
  await file.writeFile(text);
  await file.sync();
}

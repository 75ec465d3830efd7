import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "#kernel/errors.ts";

/** Whether there is anything under this name. */
export async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Whether two names lead to one file. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [a, b].map((path) => stat(path, { bigint: true }).catch(() => null)),
  );
  return one != null && other != null && one.dev === other.dev && one.ino === other.ino;
}

/**
 * Writes a file beside its place, through to the disk, and moves it there: nobody ever sees half of it. Makes its folder.
 * What a name linked to stays as it is.
 * @throws AppError `disk.full`, `file.unwritable`; nothing is left behind then.
 */
export async function writeFileWhole(path: string, bytes: Uint8Array): Promise<void> {
  // Short, whatever the file's own name is; hidden and temporary, so that no scan takes it for a picture.
  const temporary = join(dirname(path), `.platemark-${randomBytes(6).toString("hex")}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    try {
      await writeThrough(temporary, bytes);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw asWriteError(path, error);
  }
}

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "wx");
  await file.writeFile(bytes);
  await file.sync();
}

function asWriteError(path: string, cause: unknown): AppError {
  const { code = "unknown reason" } = cause as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new AppError("disk.full", `${path} cannot be written: the disk is full.`, { cause });
  return new AppError("file.unwritable", `${path} cannot be written (${code}).`, { cause });
}

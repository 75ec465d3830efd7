import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "#kernel/errors.ts";

/** What `replaceWhole` writes to before it moves it: hidden and temporary, so that no scan takes it for a picture. */
const LEFTOVER = /^\.platemark-[0-9a-f]{12}\.tmp$/;
/** Milliseconds after which nobody writes such a file any more. */
const LEFTOVER_MS = 3_600_000;

/** Removes what a program that was killed has left in a folder. Never fails. */
export async function removeLeftovers(folder: string, nowMs: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => LEFTOVER.test(each))) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => undefined);
    if (facts && nowMs - facts.mtimeMs > LEFTOVER_MS) await rm(path, { force: true }).catch(() => undefined);
  }
}

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
  try {
    await mkdir(dirname(path), { recursive: true });
    await replaceWhole(path, bytes);
  } catch (error) {
    throw asWriteError(path, error);
  }
}

/** `writeFileWhole` in a folder that is there. @throws what the system throws; nothing is left behind then. */
export async function replaceWhole(path: string, content: Uint8Array | string, mode?: number): Promise<void> {
  // Short, whatever the file's own name is.
  const temporary = join(dirname(path), `.platemark-${randomBytes(6).toString("hex")}.tmp`);
  try {
    await writeThrough(temporary, content, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeThrough(path: string, content: Uint8Array | string, mode?: number): Promise<void> {
  await using file = await open(path, "wx", mode);
  await file.writeFile(content);
  await file.sync();
}

function asWriteError(path: string, cause: unknown): AppError {
  const { code = "unknown reason" } = cause as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new AppError("disk.full", `${path} cannot be written: the disk is full.`, { cause });
  return new AppError("file.unwritable", `${path} cannot be written (${code}).`, { cause });
}

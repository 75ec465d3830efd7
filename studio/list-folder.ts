import { opendir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Response } from "#contracts/ipc.ts";
import { isTemporaryName, pictureKind } from "#contracts/picture-types.ts";
import { throwIfAborted } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";

/** Folders shown of one folder; a person looks for no more in a list. */
const MOST_FOLDERS = 2_000;

/** The folders in a folder, and how many pictures lie beside them. `null`: the user's own folder.
 *  @throws AppError `not_found`, `file.unreadable`. */
export async function listFolder(
  path: string | null,
  { signal }: { readonly signal: AbortSignal },
): Promise<Response<"folder.list">> {
  const folder = resolve(path ?? homedir());
  const folders: { name: string; path: string }[] = [];
  let pictures = 0;
  try {
    for await (const entry of await opendir(folder)) {
      throwIfAborted(signal);
      if (entry.name.startsWith(".") || isTemporaryName(entry.name)) continue;
      const full = join(folder, entry.name);
      const isFolder =
        entry.isDirectory() ||
        (entry.isSymbolicLink() && (await stat(full).catch(() => undefined))?.isDirectory() === true);
      if (!isFolder) pictures += pictureKind(entry.name) === "other" ? 0 : 1;
      else if (folders.length < MOST_FOLDERS) folders.push({ name: entry.name, path: full });
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    const missing = ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
    throw missing
      ? new AppError("not_found", `There is no folder “${folder}”.`, { cause: error })
      : new AppError("file.unreadable", `The folder “${folder}” cannot be read.`, { cause: error });
  }
  folders.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const parent = dirname(folder);
  return { path: folder, parent: parent === folder ? null : parent, folders, pictures };
}

import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { WINDOW_CONTENT_TYPES } from "../../studio/window-content-types.ts";

export interface WindowFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** Built with a hash of its content in its name: it never changes. */
  readonly immutable: boolean;
}

/**
 * One of the window's built files, by its path with `/` below `folder`; `null`: there is none. A path that would lead
 * out of the folder, and a file of a kind that no window needs, are none.
 */
export async function readWindowFile(folder: string, path: string): Promise<WindowFile | null> {
  const contentType = WINDOW_CONTENT_TYPES[extname(path)];
  if (contentType === undefined || /[\0\\]/.test(path)) return null;
  const root = normalize(folder + sep);
  const file = join(root, path);
  if (!file.startsWith(root)) return null;
  try {
    return { body: await readFile(file), contentType, immutable: path.startsWith("assets/") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return null;
    throw error;
  }
}

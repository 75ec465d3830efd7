import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "#kernel/errors.ts";
import { TEMPLATE_EXTENSION } from "#template/template-library.ts";

/** The template files that paths name: files as they are, of folders what ends with `.platemark` in them.
 *  @throws AppError `not_found` where there is nothing, `invalid_argument` for a folder without templates. */
export async function templateFiles(paths: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const facts = await stat(path).catch(() => null);
    if (!facts) throw new AppError("not_found", `There is no file or folder “${path}”.`);
    if (!facts.isDirectory()) files.push(path);
    else {
      const names = (await readdir(path)).filter(
        (name) => name.endsWith(TEMPLATE_EXTENSION) && !name.startsWith("."),
      );
      if (names.length === 0)
        throw new AppError(
          "invalid_argument",
          `There are no templates (*${TEMPLATE_EXTENSION}) in the folder “${path}”.`,
        );
      files.push(...names.sort().map((name) => join(path, name)));
    }
  }
  return files;
}

import { open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { throwIfAborted } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";
import { type AssetSource, LARGEST_ASSET } from "#template/assets.ts";

/** The images beside the templates of a folder. What a link leads to outside the folder is not there. */
export function folderAssets(folder: string): AssetSource {
  return {
    async readAsset(name, { signal }) {
      throwIfAborted(signal);
      try {
        const root = await realpath(folder);
        const path = await realpath(join(root, name));
        if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) return null;
        await using file = await open(path, "r");
        const facts = await file.stat();
        if (!facts.isFile()) return null;
        if (facts.size > LARGEST_ASSET)
          throw new AppError(
            "picture.too_large",
            `\`${name}\` has more than 1 MiB. Make it smaller; a mark needs few pixels.`,
          );
        return new Uint8Array(await file.readFile({ signal }));
      } catch (error) {
        throwIfAborted(signal);
        if (error instanceof AppError) throw error;
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT" || code === "ENOTDIR") return null;
        throw new AppError("file.unreadable", `\`${name}\` cannot be read (${code ?? "unknown reason"}).`, {
          cause: error,
        });
      }
    },
  };
}

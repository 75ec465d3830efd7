import { open } from "node:fs/promises";
import { AppError } from "#kernel/errors.ts";
import { LONGEST_SOURCE } from "#template/parser.ts";

/** A character of UTF-16 takes three bytes of UTF-8 at most. */
const MOST_BYTES = LONGEST_SOURCE * 3;

/**
 * The text of a template's file, and the {@link stampOf} of what was read.
 * @throws AppError `file.unreadable` when it cannot be opened or is not written in UTF-8, `invalid_argument` when it is
 *   too large, `file.changed` when it was written meanwhile.
 */
export async function readTemplateFile(
  path: string,
): Promise<{ readonly source: string; readonly stamp: string }> {
  try {
    await using file = await open(path, "r");
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) throw new AppError("file.unreadable", "This is not a file.");
    if (before.size > MOST_BYTES) throw new AppError("invalid_argument", "This is larger than any template.");
    const bytes = await file.readFile();
    const stamp = stampOf(before);
    if (stampOf(await file.stat({ bigint: true })) !== stamp)
      throw new AppError("file.changed", "The file is being written.");
    return { source: new TextDecoder("utf-8", { fatal: true }).decode(bytes), stamp };
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (error instanceof TypeError)
      throw new AppError("file.unreadable", "The file is not written in UTF-8. Save it as UTF-8.", {
        cause: error,
      });
    const { code } = error as NodeJS.ErrnoException;
    throw new AppError("file.unreadable", `The file cannot be read (${code ?? "unknown reason"}).`, {
      cause: error,
    });
  }
}

/** Changes with a file's content: size, time of change and identity. Pure. */
export function stampOf({
  size,
  mtimeNs,
  ino,
}: {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
}): string {
  return `${size}:${mtimeNs}:${ino}`;
}

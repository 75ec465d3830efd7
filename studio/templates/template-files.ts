import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { templateNameSchema } from "#contracts/ipc.ts";
import { AppError } from "#kernel/errors.ts";
import { assetNameProblem } from "#template/asset-name.ts";
import { TEMPLATE_EXTENSION } from "#template/template-library.ts";

export interface TemplateText {
  readonly text: string;
  /** SHA-256 of the text. */
  readonly revision: string;
}

const MOST_FILES = 1_000;

/** The files of a folder of templates, by their names without the extension. Writes are whole or not at all. */
export class TemplateFiles {
  readonly #folder: string;
  /** One change at a time, so that what was compared is what is replaced. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Names of templates, and of the images that they may name. A folder that is not there has none. */
  async list(): Promise<{ readonly names: readonly string[]; readonly logos: readonly string[] }> {
    const entries = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw unreadable(error);
    });
    const names = entries
      .filter((entry) => entry.endsWith(TEMPLATE_EXTENSION))
      .map((entry) => entry.slice(0, -TEMPLATE_EXTENSION.length))
      .filter((name) => templateNameSchema.safeParse(name).success);
    const logos = entries.filter((entry) => assetNameProblem(entry) === null);
    return { names: names.sort().slice(0, MOST_FILES), logos: logos.sort().slice(0, MOST_FILES) };
  }

  /** @throws AppError `not_found`, `file.unreadable` */
  async read(name: string): Promise<TemplateText> {
    const text = await this.#textOf(name);
    if (text === null) throw new AppError("not_found", `There is no template “${name}” any more.`);
    return { text, revision: revisionOf(text) };
  }

  /**
   * @param base the revision that was changed; `null`: the file is to be new.
   * @throws AppError `conflict` when the file is another by now, `already_exists` when it was to be new, `disk.full`,
   *   `file.unreadable`; the file is as it was then.
   */
  async save(name: string, text: string, base: string | null): Promise<string> {
    return await this.#alone(async () => {
      const there = await this.#textOf(name);
      const revision = revisionOf(text);
      if (base === null && there !== null) throw alreadyThere(name);
      if (base !== null && (there === null || revisionOf(there) !== base)) throw changedMeanwhile(name);
      await mkdir(this.#folder, { recursive: true });
      const temporary = join(this.#folder, `.${randomUUID()}.part`);
      try {
        await writeFile(temporary, text, { flush: true });
        if (base === null) await link(temporary, this.#pathOf(name));
        else await rename(temporary, this.#pathOf(name));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EEXIST") throw alreadyThere(name);
        if (code === "ENOSPC" || code === "EDQUOT")
          throw new AppError("disk.full", "The disk is full. The template is as it was.", { cause: error });
        throw new AppError(
          "file.unreadable",
          `The template cannot be written (${code ?? "unknown reason"}).`,
          {
            cause: error,
          },
        );
      } finally {
        await rm(temporary, { force: true });
      }
      return revision;
    });
  }

  /** @throws AppError `conflict` when the file is not the one that was to go. */
  async remove(name: string, base: string): Promise<void> {
    await this.#alone(async () => {
      const there = await this.#textOf(name);
      if (there === null) return;
      if (revisionOf(there) !== base) throw changedMeanwhile(name);
      await rm(this.#pathOf(name), { force: true });
    });
  }

  async #textOf(name: string): Promise<string | null> {
    try {
      return await readFile(this.#pathOf(name), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw unreadable(error as NodeJS.ErrnoException);
    }
  }

  #pathOf(name: string): string {
    return join(this.#folder, templateNameSchema.parse(name) + TEMPLATE_EXTENSION);
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

export function revisionOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function alreadyThere(name: string): AppError {
  return new AppError("already_exists", `There is a template “${name}” already. Choose another name.`);
}

function changedMeanwhile(name: string): AppError {
  return new AppError(
    "conflict",
    `The template “${name}” was changed elsewhere meanwhile. Nothing was written: load it again, or save yours under another name.`,
  );
}

function unreadable(error: NodeJS.ErrnoException): AppError {
  return new AppError(
    "file.unreadable",
    `The templates cannot be read (${error.code ?? "unknown reason"}).`,
    {
      cause: error,
    },
  );
}

import { type BigIntStats, constants } from "node:fs";
import { access, opendir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isTemporaryName, pictureKind } from "#contracts/picture-types.ts";
import { throwIfAborted } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";
import { type Refusal, refusalOf } from "./refusal.ts";

/** Entries read, examined and handed on at once. */
const BATCH = 128;

export interface ScannedFile {
  /** Path below the root, with `/`; a folder that cannot be read ends with one. */
  readonly file: string;
  readonly size: number;
  /** Decimal nanoseconds. */
  readonly mtimeNs: string;
  /** Why it cannot be marked, when that shows already. */
  readonly refusal: Refusal | null;
}

export interface ScanBatch {
  readonly files: readonly ScannedFile[];
  /** Files passed over because they are no pictures. */
  readonly ignored: number;
}

/**
 * Walks a folder tree and hands its pictures on in batches, so that a hundred thousand of them are never held at once.
 * Hidden and temporary names are skipped. Links are followed; each folder is walked once, whatever leads to it, real
 * folders before linked ones. What cannot be read is reported as a file with a refusal, and the walk goes on. A root that
 * is itself a picture is handed on as the only one.
 * @param options.except A folder that is not walked, whatever leads to it; it need not be there.
 * @throws AppError `not_found`, `invalid_argument` or `file.unreadable` when the root is neither a readable folder nor a
 *   picture.
 */
export async function* scanFolder(
  root: string,
  { except, signal }: { readonly except?: string; readonly signal: AbortSignal },
): AsyncGenerator<ScanBatch, void, void> {
  const identity = await identify(root);
  if (identity === null) {
    yield { files: [await single(root)], ignored: 0 };
    return;
  }
  const left = except === undefined ? undefined : await stat(except, { bigint: true }).catch(() => undefined);
  const walked = new Set<string>(left ? [identity, identityOf(left)] : [identity]);
  const folders: string[] = [""];
  const linked: string[] = [];
  for (;;) {
    throwIfAborted(signal);
    const folder = folders.pop() ?? (await nextLinked(root, linked, walked));
    if (folder === undefined) return;
    const found = { folders: [] as string[], linked: [] as string[] };
    for await (const batch of scanOne(root, folder, walked, found, signal)) {
      throwIfAborted(signal);
      yield batch;
    }
    folders.push(...found.folders.sort().reverse());
    linked.push(...found.linked.sort());
  }
}

/** The first linked folder that no other way has led to. */
async function nextLinked(root: string, linked: string[], walked: Set<string>): Promise<string | undefined> {
  for (let folder = linked.shift(); folder !== undefined; folder = linked.shift()) {
    const facts = await stat(join(root, folder), { bigint: true }).catch(() => undefined);
    if (!facts || walked.has(identityOf(facts))) continue;
    walked.add(identityOf(facts));
    return folder;
  }
  return undefined;
}

async function* scanOne(
  root: string,
  folder: string,
  walked: Set<string>,
  found: { readonly folders: string[]; readonly linked: string[] },
  signal: AbortSignal,
): AsyncGenerator<ScanBatch, void, void> {
  try {
    let names: { name: string; link: boolean }[] = [];
    for await (const entry of await opendir(join(root, folder), { bufferSize: BATCH })) {
      if (entry.name.startsWith(".") || isTemporaryName(entry.name)) continue;
      names.push({ name: entry.name, link: entry.isSymbolicLink() });
      if (names.length < BATCH) continue;
      yield await examine(root, folder, names, walked, found);
      throwIfAborted(signal);
      names = [];
    }
    if (names.length > 0) yield await examine(root, folder, names, walked, found);
  } catch (error) {
    if (error instanceof AppError) throw error;
    yield { files: [refused(`${folder}/`, refusalOf("/", 0)!)], ignored: 0 };
  }
}

async function examine(
  root: string,
  folder: string,
  names: readonly { readonly name: string; readonly link: boolean }[],
  walked: Set<string>,
  found: { readonly folders: string[]; readonly linked: string[] },
): Promise<ScanBatch> {
  const sorted = names.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const examined = await Promise.all(
    sorted.map(async ({ name, link }) => {
      // A folder `a.jpg` that holds `a.jpg` is no picture: see `pathOf`.
      const file = folder === "" ? (name === basename(root) ? `./${name}` : name) : `${folder}/${name}`;
      const path = join(root, file);
      try {
        const facts = await stat(path, { bigint: true });
        if (facts.isDirectory()) return { file, link, folder: identityOf(facts) };
        if (!facts.isFile() || pictureKind(name) === "other") return { file, link, ignored: true };
        const size = Number(facts.size);
        return {
          file,
          link,
          picture: { file, size, mtimeNs: String(facts.mtimeNs), refusal: refusalOf(name, size) },
        };
      } catch (error) {
        if (pictureKind(name) === "other") return { file, link, ignored: true };
        return { file, link, picture: refused(file, unreadable(error, link)) };
      }
    }),
  );
  const files: ScannedFile[] = [];
  let ignored = 0;
  for (const entry of examined) {
    if (entry.picture) files.push(entry.picture);
    else if (entry.ignored) ignored++;
    else if (entry.folder && entry.link) found.linked.push(entry.file);
    else if (entry.folder && !walked.has(entry.folder)) {
      walked.add(entry.folder);
      found.folders.push(entry.file);
    }
  }
  return { files, ignored };
}

function refused(file: string, refusal: Refusal): ScannedFile {
  return { file, size: 0, mtimeNs: "0", refusal };
}

function unreadable(error: unknown, link: boolean): Refusal {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" && link)
    return {
      code: "file.vanished",
      message: "The link leads nowhere. Put the picture back, or remove the link.",
    };
  if (code === "ENOENT")
    return {
      code: "file.vanished",
      message: "The file was there a moment ago. Put it back, and import again.",
    };
  return { code: "file.unreadable", message: "The file cannot be read. Allow it, and import again." };
}

async function single(root: string): Promise<ScannedFile> {
  const file = basename(root);
  const facts = await stat(root, { bigint: true });
  const size = Number(facts.size);
  return { file, size, mtimeNs: String(facts.mtimeNs), refusal: refusalOf(file, size) };
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** What a folder is known by; `null` for a picture. */
async function identify(root: string): Promise<string | null> {
  try {
    const facts = await stat(await realpath(root), { bigint: true });
    if (facts.isFile() && pictureKind(basename(root)) !== "other") return null;
    if (!facts.isDirectory())
      throw new AppError("invalid_argument", `“${root}” is a file. Name the folder that it is in.`);
    await access(root, constants.R_OK | constants.X_OK);
    return identityOf(facts);
  } catch (error) {
    if (error instanceof AppError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new AppError("not_found", `There is no folder “${root}”.`, { cause: error });
    throw new AppError("file.unreadable", `The folder “${root}” cannot be read.`, { cause: error });
  }
}

/** The path on this machine of a file that a scan has named. A picture that was the root has the root's own name. */
export function pathOf(root: string, file: string): string {
  if (file === basename(root)) return root;
  return join(root, ...file.split("/"));
}

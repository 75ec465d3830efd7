import { realpath, stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { contentTypeOf } from "#contracts/picture-types.ts";
import { AppError } from "#kernel/errors.ts";
import { pathOf, type ScannedFile, scanFolder } from "../scan/scan-folder.ts";

/** What the command line names; a folder's end may be a `/`. */
export interface NamedPlaces {
  /** A picture, or a folder of them. */
  readonly input: string;
  readonly output: string;
  /** `null`: records are not wanted. */
  readonly record: string | null;
}

export interface PictureToPlace extends Omit<ScannedFile, "file"> {
  /** Below the input folder, with `/`; of a single picture its name. */
  readonly name: string;
  readonly path: string;
  readonly output: string;
  readonly record: string | null;
  /** Place among the pictures, in the order of their names, from 1. */
  readonly sequence: number;
}

export interface Places {
  readonly pictures: readonly PictureToPlace[];
  /** Files passed over because they are no pictures. */
  readonly ignored: number;
}

/** `a.jpg` → `a.jpg.proof.json`, beside it or in the folder of records. */
const RECORD_ENDING = ".proof.json";

/**
 * Finds the pictures, and where each of them and its record go. A folder's tree is kept; pictures that lie in the output
 * folder are none of the input.
 * @throws AppError `not_found`, `invalid_argument` when the places do not fit together, `file.unreadable`.
 */
export async function findPlaces(
  { input, output, record }: NamedPlaces,
  { signal }: { readonly signal: AbortSignal },
): Promise<Places> {
  const facts = await stat(input).catch(() => undefined);
  if (!facts) throw new AppError("not_found", `There is no file or folder “${input}”.`);
  const isFolder = facts.isDirectory();
  const place = isFolder ? folderPlace(output, record) : await picturePlace(input, output, record);
  if (isFolder && (await whereItLeads(output)) === (await whereItLeads(input)))
    throw new AppError(
      "invalid_argument",
      "The marked pictures would take the place of their originals. Name another folder for them.",
    );
  const found: Omit<PictureToPlace, "sequence">[] = [];
  let ignored = 0;
  for await (const batch of scanFolder(input, { ...(isFolder && { except: output }), signal })) {
    ignored += batch.ignored;
    for (const { file, ...facts } of batch.files)
      found.push({ ...facts, name: file.replace(/^\.\//, ""), path: pathOf(input, file), ...place(file) });
  }
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { pictures: found.map((picture, index) => ({ ...picture, sequence: index + 1 })), ignored };
}

type Place = (file: string) => { readonly output: string; readonly record: string | null };

function folderPlace(output: string, record: string | null): Place {
  return (file) => ({
    output: join(output, file),
    record: record === null ? null : join(record, `${file}${RECORD_ENDING}`),
  });
}

async function picturePlace(input: string, output: string, record: string | null): Promise<Place> {
  const name = basename(input);
  const picture = (await isFolderName(output)) ? join(output, name) : output;
  if (contentTypeOf(picture) !== contentTypeOf(name))
    throw new AppError(
      "invalid_argument",
      `A marked picture keeps its format: “${basename(picture)}” must end like “${name}”.`,
    );
  const proof =
    record !== null && (await isFolderName(record))
      ? join(record, `${basename(picture)}${RECORD_ENDING}`)
      : record;
  if (proof !== null && resolve(proof) === resolve(picture))
    throw new AppError(
      "invalid_argument",
      "The picture and its record cannot be the same file. Name another record.",
    );
  return () => ({ output: picture, record: proof });
}

async function isFolderName(path: string): Promise<boolean> {
  if (path.endsWith("/") || path.endsWith(sep)) return true;
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** The real path, also of what is not there yet. */
async function whereItLeads(path: string): Promise<string> {
  const full = resolve(path);
  const parent = resolve(full, "..");
  return await realpath(full).catch(async () =>
    parent === full ? full : join(await whereItLeads(parent), basename(full)),
  );
}

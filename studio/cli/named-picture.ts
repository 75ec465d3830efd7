import { stat } from "node:fs/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PictureReferenceSchema } from "#gen/media_pb.ts";
import { AppError } from "#kernel/errors.ts";
import { readWhole } from "../import/read-file.ts";

/** Object keys as `import --json` tells them; everything else is a file. */
const OBJECT_KEY = /^(raw|watermarked)\//;

/**
 * The picture that an argument of the command line names: an object key, or the file that was imported.
 * @throws AppError `not_found`, `file.changed`, `file.unreadable`.
 */
export async function namedPicture(
  argument: string,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof PictureReferenceSchema>> {
  if (OBJECT_KEY.test(argument)) return { picture: { case: "objectKey", value: argument } };
  const facts = await stat(argument, { bigint: true }).catch(() => undefined);
  if (!facts?.isFile())
    throw new AppError(
      "not_found",
      `“${argument}” is neither a file nor an object key (raw/…, watermarked/…).`,
    );
  const expected = { size: Number(facts.size), mtimeNs: String(facts.mtimeNs) };
  const sha256 = await readWhole(argument, expected, { into: null, signal });
  return { picture: { case: "sha256", value: sha256 } };
}

import { AppError } from "#kernel/errors.ts";

const MIB = 1024 * 1024;

/** Smallest part but the last (S3 multipart limits). Bytes. */
export const MIN_PART_SIZE = 5 * MIB;
/** Largest part (S3 multipart limits). Bytes. */
export const MAX_PART_SIZE = 5 * 1024 * MIB;
/** Most parts of one upload (S3 multipart limits). */
export const MAX_PARTS = 10_000;
/** What a part has where the file's size does not ask for more. Bytes. */
export const USUAL_PART_SIZE = 8 * MIB;

export interface PlannedPart {
  /** From 1. */
  readonly partNumber: number;
  /** First byte. */
  readonly start: number;
  /** Byte after the last. */
  readonly end: number;
}

export interface PartPlan {
  readonly size: number;
  readonly partSize: number;
  readonly count: number;
  /** @throws AppError `invalid_argument` when there is no such part. */
  part(partNumber: number): PlannedPart;
}

/** The part size for a file: `preferred`, or as much more (in whole MiB) as 10,000 parts ask for. Bytes. Pure.
 *  @throws AppError `upload.too_many_parts` for files that 10,000 parts of 5 GiB do not hold. */
export function choosePartSize(size: number, preferred: number = USUAL_PART_SIZE): number {
  const needed = Math.ceil(Math.ceil(size / MAX_PARTS) / MIB) * MIB;
  const partSize = Math.max(MIN_PART_SIZE, preferred, needed);
  if (partSize > MAX_PART_SIZE) throw tooManyParts(size, MAX_PART_SIZE);
  return partSize;
}

/** Plans the parts of one upload. Sizes in bytes, `end` exclusive. Pure.
 *  @throws AppError `upload.too_many_parts` above 10,000 parts, `invalid_argument` for a part size below 5 MiB
 *  where there is more than one part (S3 multipart limits). */
export function planParts(size: number, partSize: number): PartPlan {
  if (!(Number.isSafeInteger(size) && size > 0 && Number.isSafeInteger(partSize) && partSize > 0))
    throw new AppError("invalid_argument", "A part plan needs a file and a part size of at least one byte.");
  const count = Math.ceil(size / partSize);
  if (count > MAX_PARTS) throw tooManyParts(size, partSize);
  if (count > 1 && partSize < MIN_PART_SIZE)
    throw new AppError("invalid_argument", "Parts must have at least 5 MiB.", { details: { partSize } });
  return {
    size,
    partSize,
    count,
    part(partNumber) {
      if (!(Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= count))
        throw new AppError("invalid_argument", "There is no such part.", { details: { partNumber, count } });
      const start = (partNumber - 1) * partSize;
      return { partNumber, start, end: Math.min(size, start + partSize) };
    },
  };
}

function tooManyParts(size: number, partSize: number): AppError {
  return new AppError("upload.too_many_parts", "The file is too large to be sent in 10,000 parts.", {
    details: { size, partSize },
  });
}

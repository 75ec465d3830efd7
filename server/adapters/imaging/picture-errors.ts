import type { MarkableFormat } from "#imaging/picture-format.ts";
import { AppError } from "#kernel/errors.ts";

/** What a photographer reads when a picture cannot be marked. */

export function unsupportedHeic(): AppError {
  return new AppError(
    "picture.unsupported_heic",
    "This is a HEIC picture, which Platemark cannot mark yet. Save it as JPEG or TIFF, or set the phone to “Most compatible”, and import that.",
  );
}

export function unsupportedRaw(): AppError {
  return new AppError(
    "picture.unsupported_raw",
    "This is a camera raw file. Develop it and export a JPEG or TIFF, and import that.",
  );
}

export function unsupportedFile(): AppError {
  return new AppError(
    "picture.unsupported",
    "This file is not a picture that can be marked, whatever its name says. JPEG, PNG, WebP, TIFF, AVIF and GIF can.",
  );
}

/** @param what For example “an animated PNG”. @param wayOut A sentence. */
export function unsupportedKind(what: string, wayOut: string): AppError {
  return new AppError("picture.unsupported", `This is ${what}, which cannot be marked. ${wayOut}`);
}

const NAMES: Readonly<Record<MarkableFormat, string>> = {
  jpeg: "JPEG",
  png: "PNG",
  webp: "WebP",
  gif: "GIF",
  tiff: "TIFF",
  avif: "AVIF",
};

export function truncatedPicture(format: MarkableFormat, cause?: unknown): AppError {
  return new AppError(
    "picture.truncated",
    `The end of this ${NAMES[format]} is missing. Copy it again from the card or the original folder.`,
    { details: { cause: technical(cause) }, cause },
  );
}

export function corruptPicture(format: MarkableFormat, cause?: unknown): AppError {
  return new AppError(
    "picture.corrupt",
    `This ${NAMES[format]} is damaged and cannot be read to its end. Copy it again from the card or the original folder.`,
    { details: { cause: technical(cause) }, cause },
  );
}

export function tooLargePicture(size: {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly decodedBytes: number;
  readonly limitBytes: number;
}): AppError {
  const { width, height, frames, decodedBytes, limitBytes } = size;
  const shape = `${width} × ${height}${frames > 1 ? ` × ${frames} frames` : ""}`;
  return new AppError(
    "picture.too_large",
    `This picture is too large to mark: ${shape} pixels need ${megabytes(decodedBytes)} MB of memory, and ${megabytes(limitBytes)} MB are allowed. Export it smaller.`,
    { details: { width, height, frames, decodedBytes } },
  );
}

function megabytes(bytes: number): string {
  return Math.ceil(bytes / 1e6).toLocaleString("en");
}

const UNSUPPORTED = /not supported|not configured|whole number of bytes|bad labq|unsupported|out of range/i;
const CUT_SHORT = /premature end|unexpected end|end of file|not enough data|bad seek|truncated|out of data/i;

/** What a decoder's complaint means for a photographer. */
export function unreadablePicture(format: MarkableFormat, cause: unknown, isCut: boolean): AppError {
  const words = cause instanceof Error ? cause.message : String(cause);
  if (isCut || CUT_SHORT.test(words)) return truncatedPicture(format, cause);
  if (format === "tiff" && UNSUPPORTED.test(words))
    return unsupportedKind(
      "a rare kind of TIFF",
      "Save it again as an ordinary RGB TIFF, with LZW or no compression.",
    );
  return corruptPicture(format, cause);
}

/** The decoder's own words, in one line, for “Details”. */
function technical(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : typeof cause === "string" ? cause : "";
  return text.replace(/\s+/g, " ").trim().slice(0, 300);
}

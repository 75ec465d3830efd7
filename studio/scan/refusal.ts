import { pictureKind } from "#contracts/picture-types.ts";
import type { ErrorCode } from "#kernel/errors.ts";

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Why a file cannot be marked, as far as its name and size (bytes) tell; `null` when nothing speaks against it. Pure. */
export function refusalOf(fileName: string, size: number): Refusal | null {
  if (fileName.endsWith("/"))
    return { code: "file.unreadable", message: "This folder cannot be read. Allow it, and import again." };
  if (pictureKind(fileName) === "heic")
    return {
      code: "picture.unsupported_heic",
      message: "HEIC pictures cannot be marked yet. Export it as JPEG, and import that.",
    };
  if (pictureKind(fileName) === "raw")
    return {
      code: "picture.unsupported_raw",
      message: "Raw files cannot be marked. Export a JPEG or TIFF from it, and import that.",
    };
  if (size === 0)
    return { code: "file.empty", message: "The file is empty. Copy it from the card or camera again." };
  return null;
}

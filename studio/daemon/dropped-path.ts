import { AppError } from "#kernel/errors.ts";

const MAX_SEGMENTS = 32;
const MAX_NAME_BYTES = 200;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Turns the percent-encoded path of a dropped file into path segments that every file system takes and that stay below
 * the folder they are joined to. Names keep their letters; control characters and `<>:"|?*\` become `_`.
 * @throws AppError `invalid_argument` for a path that leads elsewhere, is empty or is too deep.
 */
export function droppedPathSegments(encoded: string): readonly string[] {
  const segments = encoded.split("/").map(decodeSegment);
  if (segments.length > MAX_SEGMENTS) throw invalid("The dropped folders are nested too deeply.");
  return segments.map((segment) => {
    if (
      segment === "" ||
      segment === "." ||
      segment === ".." ||
      segment.includes("/") ||
      segment.includes("\0")
    )
      throw invalid("A dropped file has a name that leads elsewhere.");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a file system.
    const name = segment.replace(/[\u0000-\u001f<>:"|?*\\]/g, "_").replace(/[. ]+$/, "_");
    return shorten(RESERVED.test(name) ? `_${name}` : name);
  });
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment).normalize("NFC");
  } catch (error) {
    throw new AppError("invalid_argument", "A dropped file's name is not valid UTF-8.", { cause: error });
  }
}

/** Cuts the middle of a name that is too long, keeps its extension. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 && name.length - dot <= 10 ? name.slice(dot) : "";
  let stem = name.slice(0, name.length - extension.length);
  while (Buffer.byteLength(stem + extension) > MAX_NAME_BYTES) stem = Array.from(stem).slice(0, -1).join("");
  return stem + extension;
}

function invalid(message: string): AppError {
  return new AppError("invalid_argument", message);
}

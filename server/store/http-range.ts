/** Bytes of an object, `end` exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The range that a `Range` header asks for (RFC 9110, section 14). `null`: no range, another unit, several ranges or
 * junk, which S3 answers with the whole object. `"unsatisfiable"`: beyond the end. Pure.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | "unsatisfiable" | null {
  const match = /^bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*$/i.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return null;
  if (match[1] === "") {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(match[1]);
  const last = match[2] === "" ? size - 1 : Number(match[2]);
  if (match[2] !== "" && last < start) return null;
  return start >= size ? "unsatisfiable" : { start, end: Math.min(last + 1, size) };
}

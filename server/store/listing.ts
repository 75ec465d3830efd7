/** One line of a listing: an entry under its key, or a prefix that stands for all keys below it. */
export type Listed<T> = { readonly entry: T } | { readonly prefix: string };

export interface ListingQuery<T> {
  readonly prefix: string;
  /** Empty: none. */
  readonly delimiter: string;
  /** Lists what comes after this key or, when it is a common prefix itself, after all it stands for. Empty: from the start. */
  readonly after: string;
  readonly limit: number;
  /** Whether an entry under the key `after` itself is still to be listed. @default none of them */
  readonly resume?: (entry: T) => boolean;
}

export interface ListingPage<T> {
  readonly lines: readonly Listed<T>[];
  readonly truncated: boolean;
}

/** Entries with `from <= key < to` (`null`: no end), keys ordered by their UTF-8 bytes; read as far as is asked for. */
export type Scan<T> = (range: { readonly from: string; readonly to: string | null }) => Iterable<T>;

/**
 * One page of a listing. Keys below a common prefix are skipped, not read, so that a page costs what it shows.
 * Pure but for `scan`.
 */
export function listPage<T extends { readonly key: string }>(
  scan: Scan<T>,
  query: ListingQuery<T>,
): ListingPage<T> {
  const { prefix, delimiter, limit } = query;
  const lines: Listed<T>[] = [];
  if (limit === 0) return { lines, truncated: false };
  const to = keyAfterPrefix(prefix);
  let from = firstKey(query);
  while (from !== null) {
    let next: string | null = null;
    for (const entry of scan({ from, to })) {
      if (query.after !== "" && entry.key === query.after && !query.resume?.(entry)) continue;
      if (lines.length === limit) return { lines, truncated: true };
      const common = commonPrefix(entry.key, prefix, delimiter);
      lines.push(common === null ? { entry } : { prefix: common });
      if (common === null) continue;
      next = keyAfterPrefix(common);
      break;
    }
    from = next;
  }
  return { lines, truncated: false };
}

/** The least string that is above all strings with this prefix, in the order of UTF-8 bytes; `null` when there is none. */
export function keyAfterPrefix(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.length > 0) {
    const last = points.pop()!;
    if (last === 0x10ffff) continue;
    const above = last === 0xd7ff ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, above);
  }
  return null;
}

/** Where a page begins; `null` when nothing can follow `after`. */
function firstKey<T>({ prefix, delimiter, after }: ListingQuery<T>): string | null {
  if (after === "" || compareUtf8(after, prefix) < 0) return prefix;
  const common = after.startsWith(prefix) ? commonPrefix(after, prefix, delimiter) : null;
  return common === after ? keyAfterPrefix(common) : after;
}

/** What a key is listed as under this delimiter, or `null` for itself. */
function commonPrefix(key: string, prefix: string, delimiter: string): string | null {
  if (delimiter === "") return null;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? null : key.slice(0, at + delimiter.length);
}

function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

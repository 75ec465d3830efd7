import type { RE2JS } from "re2js";
import type { OriginEntry } from "../../services/ports/origin-control.ts";
import { type Origin, parseOrigin, refererOrigin } from "./origin.ts";
import { compilePattern } from "./origin-entry.ts";

/** Which pages may call. Never changes; another list takes its place. */
export interface OriginList {
  readonly entries: readonly OriginEntry[];
  /** The entry that allows an `Origin` header's value, and the canonical origin to echo; `null`: none does. */
  match(header: string): OriginMatch | null;
  /** The same for the page that a `Referer` header names. */
  matchReferer(header: string): OriginMatch | null;
}

export interface OriginMatch {
  readonly origin: string;
  readonly entry: OriginEntry;
}

interface Wildcard {
  readonly entry: OriginEntry;
  readonly scheme: string;
  /** With its dot: `.shop.example`. */
  readonly suffix: string;
  readonly port: number | null;
}

/**
 * Exact origins come before wildcards, and the longest of these first, and both before patterns, in their order. A
 * wildcard stands for one label or more below its host, never for the host itself.
 * @throws AppError `invalid_argument` for a pattern that cannot be read.
 */
export function createOriginList(entries: readonly OriginEntry[]): OriginList {
  const exact = new Map<string, OriginEntry>();
  const wildcards: Wildcard[] = [];
  const patterns: { readonly entry: OriginEntry; readonly compiled: RE2JS }[] = [];
  for (const entry of entries) {
    if (entry.kind === "pattern") patterns.push({ entry, compiled: compilePattern(entry.value) });
    else if (entry.kind === "wildcard") wildcards.push(toWildcard(entry));
    else if (!exact.has(entry.value)) exact.set(entry.value, entry);
  }
  wildcards.sort((a, b) => b.suffix.length - a.suffix.length);

  const find = (origin: Origin): OriginEntry | undefined =>
    exact.get(origin.text) ??
    wildcards.find((wildcard) => isBelow(origin, wildcard))?.entry ??
    patterns.find(({ compiled }) => compiled.testExact(origin.text))?.entry;
  const matched = (origin: Origin | null): OriginMatch | null => {
    const entry = origin && find(origin);
    return entry ? { origin: origin.text, entry } : null;
  };
  return {
    entries,
    match(header) {
      // Sandboxed pages, files and redirects of others: whoever they are, only by an entry of their own.
      if (header === "null") {
        const entry = exact.get("null");
        return entry ? { origin: "null", entry } : null;
      }
      return matched(parseOrigin(header));
    },
    matchReferer: (header) => matched(refererOrigin(header)),
  };
}

function toWildcard(entry: OriginEntry): Wildcard {
  const base = parseOrigin(entry.value.replace("://*.", "://"))!;
  return { entry, scheme: base.scheme, suffix: `.${base.host}`, port: base.port };
}

function isBelow(origin: Origin, { scheme, suffix, port }: Wildcard): boolean {
  return (
    origin.scheme === scheme &&
    origin.port === port &&
    origin.host.length > suffix.length &&
    origin.host.endsWith(suffix)
  );
}

import type { OriginEntry } from "../../services/ports/origin-control.ts";

/** What Envoy's `StringMatcher` holds: `exact`, or `safe_regex`, which has to match the whole origin. */
export type OriginMatcher = { readonly exact: string } | { readonly safeRegex: string };

/** Without the length of a label: Envoy refuses what RE2 makes a large program of. */
const ANY_LABELS = "(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\\.)+";

/** The list in the form that Envoy's `cors` filter reads, in order of precedence. Matches what `OriginList` matches. */
export function stringMatchers(entries: readonly OriginEntry[]): readonly OriginMatcher[] {
  const rank = { exact: 0, wildcard: 1, pattern: 2 } as const;
  return entries.toSorted((a, b) => rank[a.kind] - rank[b.kind]).map(toMatcher);
}

function toMatcher({ kind, value }: OriginEntry): OriginMatcher {
  if (kind === "exact") return { exact: value };
  if (kind === "pattern") return { safeRegex: value };
  const [scheme, host] = value.split("://*.") as [string, string];
  return { safeRegex: `${scheme}://${ANY_LABELS}${host.replace(/[.[\]]/g, "\\$&")}` };
}

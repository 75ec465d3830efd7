import type { MessageInitShape } from "@bufbuild/protobuf";
import type { StringMatcherSchema } from "../gen/envoy/type/matcher/v3/string_pb.ts";
import type { OriginEntry } from "./edge-config.ts";

/** One label or more. Not exactly what host names may have: counted repetitions make programs larger than Envoy takes,
 *  and no browser has a page on a host that cannot be. */
const LABELS = "(?:[a-z0-9_-]+\\.)+";
const RANK = { exact: 0, wildcard: 1, regex: 2 };

/** The origins in the form of Envoy's `cors` filter, in order of precedence. Its regular expressions have to match the
 *  whole text; they are anchored all the same, for those who read them elsewhere. */
export function originMatchers(
  entries: readonly OriginEntry[],
): MessageInitShape<typeof StringMatcherSchema>[] {
  return entries
    .toSorted((a, b) => RANK[a.kind] - RANK[b.kind])
    .map(({ kind, value }) => ({
      matchPattern:
        kind === "exact"
          ? { case: "exact", value }
          : {
              case: "safeRegex",
              value: { regex: kind === "regex" ? `^(?:${value})$` : wildcardRegex(value) },
            },
    }));
}

function wildcardRegex(value: string): string {
  const escaped = value.replace(/[.+?^$(){}|[\]\\]/g, "\\$&");
  return `^${escaped.replace("*\\.", LABELS)}$`;
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyAfterPrefix, listPage } from "./listing.ts";

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function scanOf(keys: readonly string[]) {
  const sorted = keys.toSorted(byBytes);
  return function* (range: { from: string; to: string | null }) {
    for (const key of sorted)
      if (byBytes(key, range.from) >= 0 && (range.to === null || byBytes(key, range.to) < 0)) yield { key };
  };
}

/** What S3 documents, the slow and simple way. */
function model(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const lines = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      return at < 0 ? key : key.slice(0, at + delimiter.length);
    });
  return Array.from(new Set(lines)).toSorted(byBytes);
}

const name = (line: { entry: { key: string } } | { prefix: string }) =>
  "prefix" in line ? line.prefix : line.entry.key;

const key = fc
  .array(fc.constantFrom("a", "b", "/", "-", "\uffee", "\u{1f600}", "\u{10ffff}"), {
    minLength: 1,
    maxLength: 6,
  })
  .map((characters) => characters.join(""));

describe("a listing", () => {
  test("shows page by page what a simple model shows at once", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 25 }),
        fc.constantFrom("", "a", "a/", "/", "\u{1f600}", "b/a"),
        fc.constantFrom("", "/", "a", "-/"),
        fc.integer({ min: 1, max: 7 }),
        (keys, prefix, delimiter, limit) => {
          const seen: string[] = [];
          for (let after = "", pages = 0; ; pages++) {
            const page = listPage(scanOf(keys), { prefix, delimiter, after, limit });
            expect(page.lines.length).toBeLessThanOrEqual(limit);
            seen.push(...page.lines.map(name));
            if (!page.truncated) break;
            expect(page.lines).toHaveLength(limit);
            after = seen.at(-1)!;
            expect(pages).toBeLessThan(30);
          }
          expect(seen).toEqual(model(keys, prefix, delimiter));
        },
      ),
      { numRuns: 400 },
    );
  });

  test("is not truncated when the last page is exactly full", () => {
    const page = listPage(scanOf(["a", "b/1", "b/2"]), { prefix: "", delimiter: "/", after: "", limit: 2 });
    expect(page).toEqual({ lines: [{ entry: { key: "a" } }, { prefix: "b/" }], truncated: false });
  });

  test("reads no more than one key below a common prefix", () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `deep/${index}`);
    let read = 0;
    const scan = scanOf([...keys, "z"]);
    const counting = function* (range: { from: string; to: string | null }) {
      for (const entry of scan(range)) {
        read++;
        yield entry;
      }
    };
    listPage(counting, { prefix: "", delimiter: "/", after: "", limit: 10 });
    expect(read).toBe(2);
  });
});

describe("the key after a prefix", () => {
  test("is above every key with that prefix and below every other that follows it", () => {
    fc.assert(
      fc.property(key, key, fc.string({ unit: "binary", maxLength: 3 }), (prefix, other, tail) => {
        fc.pre(tail.isWellFormed());
        const after = keyAfterPrefix(prefix);
        if (after === null) expect(prefix).toMatch(/^\u{10ffff}*$/u);
        else expect(byBytes(prefix + tail, after)).toBeLessThan(0);
        if (after !== null && byBytes(other, prefix) > 0 && !other.startsWith(prefix))
          expect(byBytes(other, after)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

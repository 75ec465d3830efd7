import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { originMatchers } from "./origin-matchers.ts";

const regexOf = (kind: "wildcard" | "regex", value: string): string => {
  const pattern = originMatchers([{ kind, value }])[0]?.matchPattern;
  if (pattern?.case !== "safeRegex") throw new Error("no regular expression");
  return pattern.value.regex ?? "";
};

describe("origins for Envoy", () => {
  test("stand exact first, then wildcards, then expressions", () => {
    const matchers = originMatchers([
      { kind: "regex", value: "https://[a-z]+\\.test" },
      { kind: "wildcard", value: "https://*.shop.example" },
      { kind: "exact", value: "https://shop.example" },
    ]);
    expect(matchers.map(({ matchPattern }) => matchPattern?.case)).toEqual([
      "exact",
      "safeRegex",
      "safeRegex",
    ]);
  });

  test.each([
    ["https://a.shop.example", true],
    ["https://a.b.shop.example", true],
    ["https://shop.example", false],
    ["https://evilshop.example", false],
    ["https://a.shopxexample", false],
    ["http://a.shop.example", false],
    ["https://a.shop.example:8443", false],
    ["https://a.shop.example.evil.example", false],
    ["https://evil.example/?.shop.example", false],
    ["https://evil.example#a.shop.example", false],
  ])("the wildcard https://*.shop.example and %s: %s", (origin, matches) => {
    expect(RE2JS.compile(regexOf("wildcard", "https://*.shop.example")).testExact(origin)).toBe(matches);
  });

  test("an expression has to match all of an origin, alternatives included", () => {
    const compiled = RE2JS.compile(regexOf("regex", "https://a\\.example|https://b\\.example"));
    expect(compiled.testExact("https://b.example")).toBe(true);
    expect(compiled.test("https://a.example.evil.example")).toBe(false);
    expect(compiled.test("x https://b.example")).toBe(false);
  });
});

import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { parseOrigin, refererOrigin } from "./origin.ts";
import { originEntry, patternEntry } from "./origin-entry.ts";
import { createOriginList } from "./origin-list.ts";
import { stringMatchers } from "./string-matchers.ts";

const listOf = (...texts: string[]) => createOriginList(texts.map((text) => originEntry(text)));
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const word = fc.stringMatching(/^[a-z]{1,8}$/);

describe("an origin", () => {
  test.each([
    ["https://Shop.Example", "https://shop.example"],
    ["https://shop.example:443", "https://shop.example"],
    ["http://shop.example:80", "http://shop.example"],
    ["http://shop.example:443", "http://shop.example:443"],
    ["https://shop.example:8443", "https://shop.example:8443"],
    ["http://[::1]:5173", "http://[::1]:5173"],
    ["https://xn--bcher-kva.example", "https://xn--bcher-kva.example"],
  ])("%s is compared as %s", (header, text) => {
    expect(parseOrigin(header)?.text).toBe(text);
  });

  test.each([
    "",
    "null",
    "*",
    "shop.example",
    "https://",
    "https://shop.example/",
    "https://shop.example/path",
    "https://shop.example?query",
    "https://shop.example#part",
    "https://user@shop.example",
    "https://user:word@shop.example",
    "https://shop.example:",
    "https://shop.example:99999",
    "https://shop.example:0443",
    "https://shop.example:80:80",
    "https://.shop.example",
    "https://shop..example",
    "https://-shop.example",
    "https://shop.example, https://shop.example",
    "https://shop.example https://other.example",
    "https://shop.example\n",
    "https://shop\\.example",
    "https://bücher.example",
    // Lower-cased, the Kelvin sign is a k.
    "https://\u212Aern.example",
    "https://%73hop.example",
    "ftp://shop.example",
    "file://",
    "javascript://shop.example",
    `https://${"a".repeat(64)}.example`,
    `https://${"a.".repeat(200)}example`,
  ])("%s is none", (header) => {
    expect(parseOrigin(header)).toBeNull();
  });

  test("of a referer is what stands before the path, and nothing that only looks like it", () => {
    expect(refererOrigin("https://shop.example/a?b=https://evil.example")?.text).toBe("https://shop.example");
    expect(refererOrigin("https://shop.example")?.text).toBe("https://shop.example");
    for (const referer of [
      "https://shop.example@evil.example/",
      "https://shop.example\\@evil.example/",
      "//shop.example/",
      "/shop",
      "about:blank",
      "data:text/html,https://shop.example/",
      "",
    ])
      expect(refererOrigin(referer)).toBeNull();
  });
});

describe("a list of origins", () => {
  test("prefers exact over wildcard over pattern, and the closer wildcard", () => {
    const list = createOriginList([
      patternEntry("https://.*\\.shop\\.example", true),
      originEntry("https://*.shop.example"),
      originEntry("https://*.eu.shop.example", true),
      originEntry("https://a.shop.example", true),
    ]);
    expect(list.match("https://a.shop.example")?.entry.kind).toBe("exact");
    expect(list.match("https://b.shop.example")?.entry).toMatchObject({ credentials: false });
    expect(list.match("https://b.eu.shop.example")?.entry.value).toBe("https://*.eu.shop.example");
    expect(list.match("https://b.shop.example:8443")).toBeNull();
  });

  test("lets a wildcard stand for hosts below at any depth, of its scheme and port, and for nothing that looks alike", () => {
    fc.assert(
      fc.property(
        fc.array(label, { minLength: 1, maxLength: 3 }),
        word,
        fc.constantFrom("", ":8443"),
        word,
        (below, domain, port, other) => {
          const base = `${domain}.example`;
          const list = listOf(`https://*.${base}${port}`);
          const host = `${below.join(".")}.${base}`;
          expect(list.match(`https://${host}${port}`)?.origin).toBe(`https://${host}${port}`);
          expect(list.match(`HTTPS://${host.toUpperCase()}${port}`)?.origin).toBe(`https://${host}${port}`);
          for (const stranger of [
            `https://${base}${port}`,
            `http://${host}${port}`,
            `https://${host}:444`,
            `https://${other}-${base}${port}`,
            `https://${other}${base}${port}`,
            `https://${host}.${other}${port}`,
            `https://${host}.${port}`,
            `https://${host}-${other}${port}`,
            `https://${host}@${other}.invalid${port}`,
            `https://${other}.invalid/.${base}${port}`,
            `https://${other}.invalid#.${base}${port}`,
            `https://${other}.invalid?.${base}${port}`,
            `https://${other}.invalid%2e${base}${port}`,
            `https://${other}.invalid\u3002${base}${port}`,
            `https://${other}.invalid\\.${base}${port}`,
            `https://.${base}${port}`,
            `https://${host}${port}, https://${other}.invalid`,
            `https://xn--${other}-${base}${port}`,
            `https://*.${base}${port}`,
            "null",
          ])
            expect(list.match(stranger)).toBeNull();
        },
      ),
      { numRuns: 300 },
    );
  });

  test("matches what its form for Envoy matches", () => {
    const entries = [
      originEntry("https://one.example"),
      originEntry("https://*.many.example:8443"),
      originEntry("http://*.localhost"),
      patternEntry("https://pr-[0-9]+\\.preview\\.example"),
    ];
    const list = createOriginList(entries);
    const matchers = stringMatchers(entries);
    const byEnvoy = (origin: string) =>
      matchers.some((matcher) =>
        "exact" in matcher ? matcher.exact === origin : RE2JS.compile(matcher.safeRegex).testExact(origin),
      );
    const host = fc
      .array(fc.oneof(label, fc.constantFrom("one", "many", "pr-7", "preview", "localhost")), {
        maxLength: 3,
      })
      .chain((labels) =>
        fc
          .constantFrom("one.example", "many.example", "preview.example", "localhost")
          .map((end) => [...labels, end].join(".")),
      );
    let matched = 0;
    fc.assert(
      fc.property(
        fc.constantFrom("http", "https"),
        host,
        fc.constantFrom("", ":8443"),
        (scheme, name, port) => {
          const origin = `${scheme}://${name}${port}`;
          const found = list.match(origin) !== null;
          if (found) matched++;
          expect(byEnvoy(origin)).toBe(found);
        },
      ),
      { numRuns: 2_000 },
    );
    expect(matched).toBeGreaterThan(50);
  });

  test("anchors patterns at both ends", () => {
    const list = createOriginList([patternEntry("https://(a|b)\\.shop\\.example")]);
    expect(list.match("https://a.shop.example")).not.toBeNull();
    for (const stranger of [
      "https://a.shop.example.evil.invalid",
      "https://xa.shop.example",
      "http://a.shop.example",
    ])
      expect(list.match(stranger)).toBeNull();
  });

  test("knows `null` by an entry of its own alone", () => {
    expect(createOriginList([patternEntry("(https://a\\.example|null)")]).match("null")).toBeNull();
    expect(listOf("null").match("null")?.entry.credentials).toBe(false);
    expect(listOf("null").match("https://a.example")).toBeNull();
  });
});

describe("an entry", () => {
  test.each([
    ["*", /not every origin/],
    ["https://*", /no origin/],
    ["https://*.com", /domain of your own/],
    ["https://*.10.0.0.1", /below an address/],
    ["https://a.*.example", /no origin/],
    ["https://*a.example", /no origin/],
    ["https://shop.example/", /no origin/],
    ["https://user@shop.example", /no origin/],
    ["shop.example", /no origin/],
    ["ftp://shop.example", /no origin/],
    ["https://0x7f.1", /127\.0\.0\.1/],
    ["https://shop.example:70000", /browser would send/],
    ["https://a b.example", /no origin/],
  ])("%s is refused with a reason", (text, reason) => {
    expect(() => originEntry(text)).toThrow(reason);
  });

  test("is kept as browsers write it", () => {
    expect(originEntry("HTTPS://Bücher.Example:443").value).toBe("https://xn--bcher-kva.example");
    expect(originEntry("https://*.Bücher.example").value).toBe("https://*.xn--bcher-kva.example");
    expect(originEntry("http://[0:0:0:0:0:0:0:1]:5173").value).toBe("http://[::1]:5173");
  });

  test("gives pages without an origin no credentials", () => {
    expect(() => originEntry("null", true)).toThrow(/no credentials/);
  });

  test.each([
    ["(", /missing/],
    [".*", /every origin/],
    ["https?://.*", /every origin/],
    ["(?i)HTTPS://[a-z0-9.]+", /every origin/],
    ["(a)\\1", /invalid escape/],
    ["(?=a)a", /invalid/],
    ["(a{100}){100}", /repeat|large/],
    ["a".repeat(501), /characters/],
    ["", /characters/],
  ])("the pattern %s is refused with a reason", (pattern, reason) => {
    expect(() => patternEntry(pattern)).toThrow(reason);
  });

  test("a pattern that would make another engine backtrack for years answers at once", () => {
    const list = createOriginList([patternEntry("https://(a+)+\\.example")]);
    expect(list.match(`https://${"a".repeat(60)}!.example`)).toBeNull();
    expect(list.match(`https://${"a".repeat(60)}b.example`)).toBeNull();
    expect(list.match(`https://${"a".repeat(60)}.example`)).not.toBeNull();
  });
});

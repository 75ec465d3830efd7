import { describe, expect, test } from "vitest";
import { Findings } from "./diagnostic.ts";
import { parseTemplate } from "./parser.ts";

function parse(source: string) {
  const findings = new Findings();
  const document = parseTemplate(source, findings);
  const errors = findings
    .diagnostics(source)
    .map(({ line, column, endColumn, code }) => ({ line, column, endColumn, code }));
  return { document, errors };
}

const wordAt = (source: string, word: string) => ({
  start: source.indexOf(word),
  end: source.indexOf(word) + word.length,
});

describe("reading a template", () => {
  test("keeps the place of everything, in texts within texts too", () => {
    const source =
      'template "a" {\r\n  text "© $(EXIF.YEAR-$(YEAR))"\r\n  location = "qr_overlay(bottom_right, scale=0.12)"\r\n}';
    const { document, errors } = parse(source);
    expect(errors).toEqual([]);
    expect(document.templates[0]!.body.items).toMatchObject([
      {
        layer: { span: wordAt(source, "text") },
        value: {
          parts: [
            { value: "© " },
            {
              name: { span: wordAt(source, "EXIF.YEAR") },
              operator: { text: [{ span: wordAt(source, "$(YEAR)") }] },
            },
          ],
        },
      },
      { value: { content: { args: [{}, { name: { span: wordAt(source, "scale") } }] } } },
    ]);
  });

  test("goes on behind each mistake, and reports all of them", () => {
    const source = `template "a" {
  opacity 0.5
  text "one" { size = }
  blobb "x" { size = 4% }
  ) (
  text "never closed
  text "two" { weight = (600 font = "Inter" }
  when { text "three" }
`;
    const { document, errors } = parse(source);
    expect(errors).toEqual([
      { line: 1, column: 14, endColumn: 15, code: "syntax.unterminated" },
      { line: 2, column: 3, endColumn: 10, code: "syntax.unexpected" },
      { line: 3, column: 23, endColumn: 24, code: "syntax.unexpected" },
      { line: 4, column: 3, endColumn: 8, code: "layer.unknown" },
      { line: 5, column: 3, endColumn: 4, code: "syntax.unexpected" },
      { line: 6, column: 8, endColumn: 21, code: "syntax.unterminated" },
      { line: 7, column: 25, endColumn: 26, code: "syntax.unterminated" },
      { line: 8, column: 8, endColumn: 9, code: "syntax.unexpected" },
    ]);
    expect(document.templates[0]!.body.items.map(({ kind }) => kind)).toEqual([
      "setting",
      "layer",
      "error",
      "error",
      "layer",
      "layer",
      "when",
    ]);
  });

  test("finds the block without an end by its indentation", () => {
    const source = `template "a" {
  text "one" {
    opacity = 1
  }

  when width > 5 {
    text "two" {
      opacity = 1
  }
  text "three"
}
`;
    expect(parse(source).errors).toEqual([
      { line: 7, column: 16, endColumn: 17, code: "syntax.unterminated" },
    ]);
  });

  test("passes a block over that has no head", () => {
    const { document, errors } = parse('template "a" { { opacity = 1 { } } text "b" }\ntemplate "c" { }');
    expect(errors).toMatchObject([{ code: "syntax.unexpected", column: 16 }]);
    expect(document.templates.map(({ body }) => body.items.map(({ kind }) => kind))).toEqual([["error"], []]);
  });

  test("counts columns in UTF-16 code units", () => {
    expect(parse('template "😀" { § }').errors).toEqual([
      { line: 1, column: 17, endColumn: 18, code: "syntax.unexpected_character" },
    ]);
  });

  test.each([
    [".5", "0.5"],
    ["40 Px", undefined],
    ["40Px", "40px"],
    ["#ff00aa80", "#ff00aa"],
    ["a && b", "and"],
    ["! a", "not "],
    ["5 – 3", "-"],
  ])("suggests what was meant by %s", (written, suggestion) => {
    const findings = new Findings();
    const source = `template "a" { x = ${written} }`;
    parseTemplate(source, findings);
    expect(findings.diagnostics(source)[0]?.suggestion).toBe(suggestion);
  });

  test("takes a sign written to a number for a percentage, and one apart for a remainder", () => {
    const { document } = parse('template "a" { x = 5% y = 5 % 3 }');
    expect(document.templates[0]!.body.items).toMatchObject([
      { value: { kind: "length", unit: "%", value: 5 } },
      { value: { kind: "binary", operator: "%" } },
    ]);
  });

  test.each([
    ["parentheses", "(".repeat(5_000), ")".repeat(5_000)],
    ["negations", "not ".repeat(5_000), "true"],
    ["a chain", "1 + ".repeat(5_000), "1"],
    ["calls", "upper(".repeat(5_000), ")".repeat(5_000)],
    ["signs", "-".repeat(5_000), "1"],
  ])("says once that %s are nested too deep", (_what, open, close) => {
    const { document, errors } = parse(`template "a" {\n  text ${open}${close}\n  opacity = 1\n}`);
    expect(errors.map(({ code }) => code)).toEqual(["syntax.too_deep"]);
    expect(document.templates[0]!.body.items).toMatchObject([
      { kind: "layer" },
      { name: { text: "opacity" } },
    ]);
  });

  test("says that blocks and tokens are nested too deep", () => {
    expect(parse(`template "a" { ${"when true {".repeat(5_000)}${"}".repeat(5_001)}`).errors).toMatchObject([
      { code: "syntax.too_deep" },
    ]);
    const deep = parse(`template "a" { text "${"$(YEAR-".repeat(5_000)}${")".repeat(5_000)}" }`);
    expect(deep.errors.some(({ code }) => code === "syntax.too_deep")).toBe(true);
  });

  test("does not read what is larger than any template", () => {
    const { document, errors } = parse(" ".repeat(300_000));
    expect(document.templates).toEqual([]);
    expect(errors).toEqual([{ line: 1, column: 1, endColumn: 1, code: "source.too_large" }]);
  });
});

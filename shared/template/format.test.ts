import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { documents } from "../../test/support/template-arbitraries.ts";
import type { DocumentNode } from "./ast.ts";
import { Findings } from "./diagnostic.ts";
import { formatTemplate, printDocument } from "./format.ts";
import { parseTemplate } from "./parser.ts";

/** What a template says: its tree without places and white space, empty braces of layers left out. */
function meaningOf(document: DocumentNode): unknown {
  return JSON.parse(
    JSON.stringify(document, (name, value: unknown) =>
      ["span", "sameLine", "blankBefore", "foreign"].includes(name) ? undefined : value,
    ),
    (name, value) =>
      name === "body" && value?.items.length === 0 && value.dangling.length === 0 ? null : value,
  );
}

function parsed(source: string): DocumentNode {
  const findings = new Findings();
  const document = parseTemplate(source, findings);
  expect(findings.diagnostics(source).filter(({ severity }) => severity === "error")).toEqual([]);
  return document;
}

const commentsOf = (source: string) => source.match(/\/\/ c\d/g) ?? [];

describe("formatting", () => {
  test("any syntax tree comes back from its text", () => {
    fc.assert(
      fc.property(documents, (document) => {
        const text = printDocument(document);
        const again = parsed(text);
        expect(meaningOf(again)).toEqual(meaningOf(document));
        expect(printDocument(again)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test("writes the one canonical form", () => {
    const source = `// c1
template 'studio'{ level=copyright
safe_area=02.50%


  // c2
  text '© "$(EXIF.YEAR)" {byline}' { font='Inter' size=4%of width // c3
   color=#FFF opacity=0.50 }
  when not(orientation==portrait or short_side>=1200)and true { qr payload } else when square { image "a.svg"{} }
  else { // c4
    text "b" { // c5
      weight = 600 } // c6
  }
  location="qr_overlay( bottom_right,scale=0.120 )"
  // c7
} // c8
// c9`;
    const expected = `// c1
template "studio" {
  level = copyright
  safe_area = 2.5%

  // c2
  text "© \\"$(EXIF.YEAR)\\" $(IPTC.CREATOR)" {
    font = "Inter"
    size = 4% of width // c3
    color = #ffffff
    opacity = 0.5
  }

  when not (orientation == portrait or short_side >= 1200) and true {
    qr payload
  } else when square {
    image "a.svg"
  } else {
    // c4
    text "b" {
      // c5
      weight = 600
    } // c6
  }

  location = "qr_overlay(bottom_right, scale=0.12)"
  // c7
} // c8
// c9
`;
    const { text } = formatTemplate(source);
    expect(text).toBe(expected);
    expect(commentsOf(text!)).toEqual(commentsOf(source));
    expect(formatTemplate(expected).text).toBe(expected);
  });

  test("keeps comments in the middle of expressions, before the item that they are in", () => {
    const source =
      'template "a" {\n  opacity = // c1\n    0.5 // c2\n  when x // c3\n  { // c4\n  } // c5\n  else {}\n}\n';
    const { text } = formatTemplate(source);
    expect(commentsOf(text!).toSorted()).toEqual(commentsOf(source));
    expect(formatTemplate(text!).text).toBe(text);
  });

  test("reads lines that end as on Windows, and keeps a pattern that is empty", () => {
    const text = 'template "a" {\n  text "$(SKU/)"\n  // c1\n\n  text "$(SKU//)$(SKU/\\#/x)"\n}\n';
    expect(formatTemplate(text.replaceAll("\n", "\r\n")).text).toBe(text.replace("//)", "///)"));
    expect(formatTemplate(text.replace("//)", "///)")).text).toBe(text.replace("//)", "///)"));
  });

  test("leaves a source alone that it cannot read as a whole", () => {
    const { text, diagnostics } = formatTemplate('template "a" { opacity 0.5 }');
    expect(text).toBeNull();
    expect(diagnostics).toMatchObject([{ code: "syntax.unexpected", suggestion: "opacity =" }]);
  });

  test("says which token stands for a variable of Photo Mechanic's", () => {
    const { diagnostics, text } = formatTemplate('template "a" { text "{fbas} {fbaz}" }');
    expect(diagnostics).toMatchObject([
      {
        code: "token.photo_mechanic",
        severity: "warning",
        suggestion: "$(FILE.NAME)",
        column: 22,
        endColumn: 28,
      },
      { code: "token.photo_mechanic", severity: "warning", suggestion: "$(FILE.NAME)", column: 29 },
    ]);
    expect(text).toContain('text "$(FILE.NAME) {fbaz}"');
  });
});

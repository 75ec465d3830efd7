import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { damaged, tokenSoup } from "../../test/support/template-arbitraries.ts";
import { markOperatorSchema } from "../contracts/mark-operator.ts";
import { noAssets } from "./assets.ts";
import { checkTemplate, compileTemplate } from "./compile.ts";
import { MOST_DIAGNOSTICS } from "./diagnostic.ts";
import { formatTemplate } from "./format.ts";
import { LONGEST_SOURCE } from "./parser.ts";
import { resolveMark } from "./resolve.ts";

const fonts = [{ family: "Inter", weights: [400, 600] }];
const WHOLE = `template "whole" { // comment
  level = dynamic
  payload = sha256(user_id + timestamp_ms % 86400)
  safe_area = 2% of width
  text "© $(EXIF.YEAR-$(YEAR)) $(FILE.NAME:0:4) $(SEQUENCE[4,1]) {byline}" {
    font = 'Inter' weight = 600 size = 4% color = #fff opacity = 0.5 anchor = bottom_right
    outline = outline(#000000, 0.04) shadow = shadow(#000000, 0.5, dx=0.02) pattern = tile(angle=30, gap=8%)
  }
  when orientation == portrait and (short_side >= 1200 or not is_set(SKU)) { qr payload { light = none } }
  else when aspect > 1.5 { text upper(JOBCODE) + "/" + pad(SEQUENCE, 4) } else { text "x" { size = 40px } }
  location = "qr_overlay(bottom_right, scale=0.12)"
  persistence = "frame_interval(3) + noise_resilient(luma_alpha=0.35)"
}`;

/** Everything that happens to a source, and what must hold whatever it is. */
async function survives(source: string): Promise<void> {
  const { document, diagnostics } = checkTemplate(source, { fonts });
  expect(document.kind).toBe("document");
  expect(diagnostics.length).toBeLessThanOrEqual(MOST_DIAGNOSTICS);
  for (const { offset, endOffset, line, column, endLine, endColumn } of diagnostics) {
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(endOffset).toBeLessThanOrEqual(source.length);
    expect(endLine > line || (endLine === line && endColumn >= column)).toBe(true);
  }
  const { text } = formatTemplate(source);
  if (text !== null) expect(formatTemplate(text).text).toBe(text);
  const { operator } = await compileTemplate(
    source,
    { fonts, assets: noAssets },
    { signal: new AbortController().signal },
  );
  expect(operator === null).toBe(diagnostics.some(({ severity }) => severity === "error"));
  if (operator === null) return;
  markOperatorSchema.parse(operator);
  resolveMark(operator, { width: 1200, height: 900, variables: { timestamp_ms: 5, user_id: "kern" } });
  if (text !== null) {
    const again = await compileTemplate(
      text,
      { fonts, assets: noAssets },
      { signal: new AbortController().signal },
    );
    expect(again.operator).toEqual(operator);
  }
}

describe("no input hangs or crashes lexer, parser, checker, formatter and compiler", () => {
  test("not the template that the others are made of", async () => {
    expect(checkTemplate(WHOLE, { fonts }).diagnostics).toMatchObject([{ code: "token.photo_mechanic" }]);
    await survives(WHOLE);
  });

  test("not any letters", () =>
    fc.assert(fc.asyncProperty(fc.string({ unit: "binary", maxLength: 200 }), survives), { numRuns: 500 }));

  test("not any words", () => fc.assert(fc.asyncProperty(tokenSoup, survives), { numRuns: 500 }));

  test("not a damaged template", () =>
    fc.assert(fc.asyncProperty(damaged(WHOLE), survives), { numRuns: 1_000 }));

  test.each([
    ["braces", "{"],
    ["closing braces", "}"],
    ["templates", 'template "a" {'],
    ["rules", "when true {"],
    ["branches", "} else when true {"],
    ["quotes", '"'],
    ["quoted tokens", '"$(a-"'],
    ["tokens", "$(a-"],
    ["parentheses", "("],
    ["comments", "//\n"],
    ["words", "a "],
    ["settings", "a=1\n"],
    ["letters", "a"],
    ["digits", "1"],
    ["hashes", "#"],
    ["unknown signs", "§ "],
    ["backslashes", "\\"],
    ["lines", "\n"],
    ["carriage returns", "\r"],
  ])("not a quarter of a million characters of %s", async (_what, unit) => {
    for (const before of ['template "a" {\n', 'template "a" {\nlocation = "'])
      await survives((before + unit.repeat(LONGEST_SOURCE)).slice(0, LONGEST_SOURCE));
    await survives(unit.repeat(1 << 20).slice(0, 1 << 20));
  });
});

import { expect, test } from "vitest";
import { checkTemplate } from "#template/compile.ts";
import { diagnosticText } from "./diagnostic-text.ts";

function textsOf(source: string, color = false): readonly string[] {
  const { diagnostics } = checkTemplate(source, { fonts: [{ family: "Inter", weights: [400] }] });
  return diagnostics.map((diagnostic) => diagnosticText("a.platemark", source, diagnostic, color));
}

test("a diagnostic stands below its words, also behind tabs and characters that are two columns wide", () => {
  expect(textsOf('template "a" {\r\n\ttext "照片😀$(YAER)"\r\n}')).toEqual([
    [
      "a.platemark:2:14: error: Unknown variable `YAER`, did you mean `YEAR`? [variable.unknown]",
      '  2 │  text "照片😀$(YAER)"',
      "    │                ^^^^",
    ].join("\n"),
  ]);
});

test("of a long line the part is shown that matters", () => {
  const [text] = textsOf(`template "a" { text "${"x".repeat(500)}$(YAER)${"y".repeat(500)}" }`);
  const [, line, carets] = text!.split("\n");
  expect(line).toHaveLength("  1 │ ".length + 100);
  expect(line!.slice(carets!.indexOf("^"), carets!.length)).toBe("YAER");
});

test("nothing in a source or a name reaches a terminal that could steer it", () => {
  const source = 'template "a" { text "\u001b[31m$(YAER)" }';
  const { diagnostics } = checkTemplate(source, { fonts: [] });
  const text = diagnosticText("\u001b[2J.platemark", source, diagnostics[0]!, false);
  expect(text.includes("\u001b")).toBe(false);
  expect(textsOf(source, true)[0]).toContain("\u001b[1;31merror:");
});

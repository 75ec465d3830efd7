import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** WCAG 2.2, 1.4.3 for text and 1.4.11 for controls. */
const AA_TEXT = 4.5;
const AA_CONTROL = 3;

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const blocks = [...css.matchAll(/color-scheme: (dark|light);([^}]*)\}/g)].map(([, scheme, body]) => ({
  scheme: scheme!,
  colours: Object.fromEntries(
    [...body!.matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name!, hex!]),
  ),
}));

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

describe.each(blocks)("tokens of the $scheme theme", ({ colours }) => {
  const surfaces = ["surface-0", "surface-1", "surface-2"];

  test.each(["text-1", "text-2", "accent", "bad"])("%s can be read on every surface", (name) => {
    for (const surface of surfaces)
      expect([surface, contrast(colours[name]!, colours[surface]!) >= AA_TEXT]).toEqual([surface, true]);
  });

  test("text on the accent and on a quiet warning can be read", () => {
    expect(contrast(colours["on-accent"]!, colours.accent!)).toBeGreaterThanOrEqual(AA_TEXT);
    expect(contrast(colours["text-1"]!, colours["bad-quiet"]!)).toBeGreaterThanOrEqual(AA_TEXT);
    expect(contrast(colours["text-2"]!, colours["bad-quiet"]!)).toBeGreaterThanOrEqual(AA_TEXT);
  });

  test.each(["control-line", "good"])("%s stands out from what it lies on", (name) => {
    for (const surface of ["surface-0", "surface-1"])
      expect([surface, contrast(colours[name]!, colours[surface]!) >= AA_CONTROL]).toEqual([surface, true]);
  });

  test("greys have no tint", () => {
    for (const [name, hex] of Object.entries(colours))
      if (/^(surface|text|line|control)/.test(name))
        expect([name, hex]).toEqual([name, `#${hex.slice(1, 3).repeat(3)}`]);
  });
});

test("the light theme is the same whether the system or the user asks for it", () => {
  const [, bySystem, byUser] = blocks;
  expect(byUser?.colours).toEqual(bySystem?.colours);
});

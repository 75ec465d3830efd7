import { describe, expect, test } from "vitest";
import { SHIPPED_FONTS } from "#imaging/overlay/shipped-fonts.ts";
import { checkTemplate } from "#template/compile.ts";
import { fontFamilies } from "#template/font-families.ts";
import { type ControlChange, controlEdit } from "./layer-edits.ts";
import {
  colorValue,
  editableLayers,
  fontValue,
  lengthValue,
  numberValue,
  textValue,
  wordValue,
} from "./layer-values.ts";

const fonts = fontFamilies(SHIPPED_FONTS);
const percent = (amount: number, side = "short_side") => ({ amount, unit: "%" as const, side });

function layerOf(source: string, index = 0) {
  return editableLayers(checkTemplate(source, { fonts }).document)[index]!;
}
function changed(source: string, change: ControlChange, index = 0): string | null {
  const edit = controlEdit(source, layerOf(source, index), change);
  return edit && source.slice(0, edit.start) + edit.insert + source.slice(edit.end);
}

const BLOCK = `// Ours.
template "corner" {
  text "© $(EXIF.YEAR) Studio" {   // who
    size   =  4.5% of width // not smaller
    opacity = .5
    anchor = top_left
  }
}
`.replace(".5\n", "0.5\n");

describe("a control changes one value and nothing else", () => {
  test.each<[ControlChange, string, string]>([
    [{ control: "size", value: percent(6, "width") }, "4.5% of width", "6% of width"],
    [{ control: "opacity", value: 0.75 }, "opacity = 0.5", "opacity = 0.75"],
    [{ control: "anchor", value: "bottom" }, "top_left", "bottom"],
    [{ control: "text", value: "© $(EXIF.YEAR) Nord" }, "$(EXIF.YEAR) Studio", "$(EXIF.YEAR) Nord"],
    [{ control: "rotation", value: -30 }, "anchor = top_left", "anchor = top_left\n    rotation = -30"],
    [{ control: "margin", value: percent(2) }, "anchor = top_left", "anchor = top_left\n    margin = 2%"],
  ])("%j", (change, before, after) => {
    const text = changed(BLOCK, change)!;
    expect(text).toBe(BLOCK.replace(before, after));
    expect(checkTemplate(text, { fonts }).diagnostics).toEqual([]);
  });

  test("a setting comes after a comment that belongs to the one before", () => {
    const source = 'template "a" {\n  text "b" {\n    size = 4% // note\n  }\n}\n';
    expect(changed(source, { control: "opacity", value: 1 })).toBe(
      'template "a" {\n  text "b" {\n    size = 4% // note\n    opacity = 1\n  }\n}\n',
    );
  });

  test.each([
    ['template "a" { text "b" }', 'template "a" { text "b" {\n  color = #112233\n} }'],
    ['template "a" { text "b" {} }', 'template "a" { text "b" { color = #112233 } }'],
    ['template "a" { text "b" { size = 4% } }', 'template "a" { text "b" { size = 4%  color = #112233 } }'],
  ])("%s gets its first colour", (source, after) => {
    const text = changed(source, { control: "color", value: "#112233" })!;
    expect(text).toBe(after);
    expect(checkTemplate(text, { fonts }).diagnostics).toEqual([]);
  });

  test("the location of a payload is changed in its own words", () => {
    const source = 'template "a" { payload = "ECO"  location = "text(bottom_right, scale=0.06)" }';
    const at = (change: ControlChange) => changed(source, change);
    expect(at({ control: "size", value: percent(8) })).toBe(source.replace("0.06", "0.08"));
    expect(at({ control: "anchor", value: "top" })).toBe(source.replace("bottom_right", "top"));
    expect(at({ control: "opacity", value: 0.3 })).toBe(source.replace("0.06", "0.06, opacity=0.3"));
    expect(at({ control: "text", value: "ECO-2026" })).toBe(source.replace("ECO", "ECO-2026"));
    expect(lengthValue(layerOf(source), "size").value).toEqual(percent(6));
  });

  test.each([
    ['say "so"', String.raw`say \"so\"`],
    ["end\\", String.raw`end\\`],
    ["two\nlines", "two lines"],
    [String.raw`kept \" as it is`, String.raw`kept \" as it is`],
  ])("the text %j stays one text", (value, written) => {
    const text = changed('template "a" { text "b" }', { control: "text", value })!;
    expect(text).toBe(`template "a" { text "${written}" }`);
    expect(checkTemplate(text, { fonts }).diagnostics).toEqual([]);
  });

  test("what is no plain value is left to the text", () => {
    const source = 'template "a" { payload = upper(SKU)  text payload { size = 40px } }';
    expect(changed(source, { control: "text", value: "x" })).toBeNull();
    expect(textValue(source, layerOf(source))).toBeNull();
    expect(changed(source, { control: "size", value: percent(3) })).toBe(source.replace("40px", "3%"));
  });
});

test("layers within rules are found, each with its own values", () => {
  const source = `template "a" {
    when orientation == portrait { qr "x" { size = 9% dark = #101010 } } else { image "l.svg" { width = 8% } }
    text "y" { font = "Great Vibes" rotation = -10 }
  }`;
  const layers = editableLayers(checkTemplate(source, { fonts }).document);
  expect(layers.map(({ kind }) => kind)).toEqual(["qr", "image", "text"]);
  expect(colorValue(layers[0]!)).toEqual({ value: "#101010", isWritten: true });
  expect(lengthValue(layers[1]!, "size").value).toEqual(percent(8));
  expect(fontValue(layers[2]!, "Inter").value).toBe("Great Vibes");
  expect(numberValue(layers[2]!, "rotation").value).toBe(-10);
  expect(numberValue(layers[2]!, "opacity")).toEqual({ value: 0.5, isWritten: false });
  expect(wordValue(layers[2]!, "anchor")).toEqual({ value: "bottom_right", isWritten: false });
});

import { describe, expect, test } from "vitest";
import { offersAt } from "./template-words.ts";

const options = { families: ["Inter", "Great Vibes"], logos: ["north.svg"] };

/** Labels that are offered where `|` stands, and the word that they stand for. */
function at(marked: string) {
  const offset = marked.indexOf("|");
  const source = marked.slice(0, offset) + marked.slice(offset + 1);
  const found = offersAt(source, offset, options);
  return found && { word: source.slice(found.from, offset), labels: found.offers.map(({ label }) => label) };
}

describe("where the cursor stands, completion offers", () => {
  test.each([
    ["|", "", "template"],
    ['template "a" {\n  te|', "te", "text"],
    ['template "a" {\n  |', "", "safe_area"],
    ['template "a" {\n  text "b" {\n    an|', "an", "anchor"],
    ['template "a" {\n  text "b" {\n    anchor = bottom_|', "bottom_", "bottom_right"],
    ['template "a" {\n  text "b" {\n    size = 4% of |', "", "width"],
    ['template "a" {\n  text "© $(EXIF.Y|', "EXIF.Y", "EXIF.YEAR"],
    ['template "a" {\n  when orien|', "orien", "orientation"],
    ['template "a" {\n  when orientation == |', "", "portrait"],
    ['template "a" {\n  payload = up|', "up", "upper"],
    ['template "a" {\n  payload = upper(SK|', "SK", "SKU"],
    ['template "a" {\n  text "b" { font = "Gr|', "Gr", "Great Vibes"],
    ['template "a" {\n  text "b" { font = |', "", "Inter"],
    ['template "a" {\n  image "|', "", "north.svg"],
    ['template "a" {\n  qr "b" { size = 9% }\n  |', "", "image"],
  ])("%s", (marked, word, label) => {
    const found = at(marked);
    expect(found?.word).toBe(word);
    expect(found?.labels).toContain(label);
  });

  test("settings of the layer that it is in, and no others", () => {
    expect(at('template "a" { qr "b" { | } }')?.labels).toContain("correction");
    expect(at('template "a" { qr "b" { | } }')?.labels).not.toContain("font");
  });

  test("nothing where a number or free text is wanted", () => {
    expect(at('template "a" { text "b" { opacity = |')).toBeNull();
    expect(at('template "a" { text "wor|')).toBeNull();
  });
});

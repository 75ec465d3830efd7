import { beforeEach, expect, test } from "vitest";
import { DirectClient } from "../../../test/fakes/core-client.ts";
import { ScriptedCore } from "../../../test/fakes/window-core.ts";
import { createMarksModel, type MarksModel } from "./marks-store.ts";

const text = (words: string) => `template "a" {\n  text "${words}"\n}\n`;
let core: ScriptedCore;
let model: MarksModel;
const state = () => model.store.getState();
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

beforeEach(async () => {
  core = new ScriptedCore();
  core.templates.set("corner", text("one"));
  core.templates.set("tiled", text("two"));
  model = createMarksModel(new DirectClient(core));
  await expect.poll(() => state().draft?.name).toBe("corner");
});

test("shows the first template, and says what is unsaved", async () => {
  expect(state()).toMatchObject({ draft: { text: text("one") }, diagnostics: [] });
  model.setText(text("changed"));
  expect([...state().unsaved]).toEqual(["corner"]);
  await model.save();
  expect([...state().unsaved]).toEqual([]);
  expect(core.templates.get("corner")).toBe(text("changed"));
});

test("keeps the changes of one template while another is shown", async () => {
  model.setText(text("changed"));
  await model.open("tiled");
  expect(state().draft?.text).toBe(text("two"));
  await model.open("corner");
  expect(state().draft?.text).toBe(text("changed"));
});

test("says where a text has mistakes", () => {
  model.setText('template "a" {\n  text "b" { anchor = bottomright }\n}');
  expect(state().diagnostics).toMatchObject([{ line: 2, code: "value.unknown", suggestion: "bottom_right" }]);
});

test("writes nothing over what was changed elsewhere, and keeps the draft", async () => {
  model.setText(text("mine"));
  core.templates.set("corner", text("theirs"));
  await model.save();
  expect(state()).toMatchObject({ problem: { code: "conflict" }, draft: { text: text("mine") } });
  expect(core.templates.get("corner")).toBe(text("theirs"));
  await model.revert();
  expect(state()).toMatchObject({ problem: null, draft: { text: text("theirs") } });
});

test("follows a change from elsewhere where nothing is unsaved", async () => {
  await core.handlers["templates.remove"](
    { name: "corner", base: "" },
    { signal: new AbortController().signal },
  );
  await expect.poll(() => state().draft?.name).toBe("tiled");
  model.setText(text("mine"));
  core.templates.set("corner", text("back"));
  await core.handlers["templates.remove"](
    { name: "none", base: "" },
    { signal: new AbortController().signal },
  );
  await expect.poll(() => state().templates?.length).toBe(2);
  await settled();
  expect(state().draft).toMatchObject({ name: "tiled", text: text("mine") });
});

test("a new template has a name that is free, and a file only when it is saved", async () => {
  core.templates.set("new-mark", text("x"));
  model.create();
  model.rename("spring");
  expect(core.templates.has("spring")).toBe(false);
  await model.save();
  expect(core.templates.get("spring")).toMatch(/^template "spring" \{\n {2}text "© Studio"/);
  expect(state().templates?.map(({ name }) => name)).toContain("spring");
});

test("formats what can be read, and leaves what cannot", () => {
  model.setText('template "a" {text "b"{size=4%}}');
  model.format();
  expect(state().draft?.text).toBe('template "a" {\n  text "b" {\n    size = 4%\n  }\n}\n');
  model.setText('template "a" {');
  model.format();
  expect(state().draft?.text).toBe('template "a" {');
});

test("what images are like is said of the text that names them", () => {
  const image = {
    code: "asset.missing" as const,
    severity: "error" as const,
    message: "None.",
    line: 2,
    column: 3,
    endLine: 2,
    endColumn: 4,
    offset: 17,
    endOffset: 18,
  };
  model.tellImages("another text", [image]);
  expect(state().diagnostics).toEqual([]);
  model.tellImages(text("one"), [image]);
  expect(state().diagnostics).toEqual([image]);
  model.tellImages(text("one"), []);
  expect(state().diagnostics).toEqual([]);
});

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { markOperatorSchema } from "#contracts/mark-operator.ts";
import { compileTemplate } from "#template/compile.ts";
import { fontFamilies } from "#template/font-families.ts";
import { formatTemplate } from "#template/format.ts";
import { FUNCTIONS } from "#template/functions.ts";
import { resolveMark } from "#template/resolve.ts";
import { VARIABLES } from "#template/variables.ts";
import { MARK_FONTS } from "../../../studio/mark-fonts.ts";
import { folderAssets } from "./folder-assets.ts";

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));
const samples = path("resources/templates");
const names = (await readdir(samples)).filter((name) => name.endsWith(".platemark"));
const { signal } = new AbortController();
const examples = Object.fromEntries(
  Object.values(VARIABLES)
    .filter(({ group }) => group !== "picture" && group !== "template")
    .map(({ name, example }) => [name, example]),
);

async function compiled(source: string) {
  const { operator, diagnostics } = await compileTemplate(
    source,
    { fonts: fontFamilies(MARK_FONTS), assets: folderAssets(samples) },
    { signal },
  );
  expect(diagnostics).toEqual([]);
  return markOperatorSchema.parse(operator);
}

describe("the sample templates", () => {
  test("are many enough to begin with", () => {
    expect(names.length).toBeGreaterThanOrEqual(6);
  });

  test.each(names)(
    "%s compiles, is canonical, has its file's name, and marks pictures of any shape",
    async (name) => {
      const source = await readFile(`${samples}/${name}`, "utf8");
      expect(formatTemplate(source).text).toBe(source);
      const operator = await compiled(source);
      expect(`${operator.name}.platemark`).toBe(name);
      for (const [width, height] of [
        [6000, 4000],
        [4000, 6000],
        [400, 400],
        [9000, 3000],
      ] as const) {
        const { mark, diagnostics } = resolveMark(operator, { width, height, variables: examples });
        expect(diagnostics).toEqual([]);
        expect(mark.layers.length).toBeGreaterThan(0);
      }
    },
  );
});

describe("the guide to templates", async () => {
  const guide = await readFile(path("docs/guides/templates.md"), "utf8");

  const blocks = [...guide.matchAll(/^```platemark\n(.*?)^```$/gms)].map((match) => match[1]!);
  test.each(blocks)("has an example that compiles and is canonical: %s", async (block) => {
    await compiled(block);
    expect(formatTemplate(block).text).toBe(block);
  });

  test("has examples", () => {
    expect(blocks.length).toBeGreaterThan(5);
  });

  test("lists every variable and every function with what it means", () => {
    const rows = guide.split("\n");
    for (const { name, meaning, example } of Object.values(VARIABLES))
      expect(rows).toContain(`| \`${name}\` | ${meaning} | ${example === "\n" ? "" : `\`${example}\``} |`);
    for (const { parameters, required, name, meaning, example } of Object.values(FUNCTIONS)) {
      const signature = parameters.map((each, i) => each.name + (i < required ? "" : "?")).join(", ");
      expect(rows).toContain(`| \`${name}(${signature})\` | ${meaning} | \`${example}\` |`);
    }
  });
});

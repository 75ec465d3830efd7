import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CliWorld } from "./cli-harness.ts";

const GOOD = 'template "good" {\n  text "© Studio" {\n    opacity = 0.5\n  }\n}\n';
const LOOSE = "template 'loose' { text '© {byline}' { opacity = 0.50 } } // kept";
const BAD = 'template "bad" {\n  text "x" { opacity = 50 anchor = bottomright }\n}\n';

async function worldWith(
  files: Readonly<Record<string, string>>,
): Promise<CliWorld & { readonly templates: string }> {
  const world = await CliWorld.make();
  const templates = join(world.folder, "templates");
  await mkdir(templates);
  for (const [name, text] of Object.entries(files)) await writeFile(join(templates, name), text);
  return Object.assign(world, { templates });
}

describe("platemark template", () => {
  test("check points at what is wrong in every template of a folder, and ends with 1", async () => {
    await using world = await worldWith({ "bad.platemark": BAD, "good.platemark": GOOD, "other.txt": "x" });
    const { code, stdout, stderr } = await world.run(["template", "check", world.templates]);
    expect([code, stderr]).toEqual([1, ""]);
    const path = join(world.templates, "bad.platemark");
    expect(stdout).toContain(`${path}:2:24: error: \`opacity\` is 0 to 1, did you mean \`0.5\`? [value.range]
  2 │   text "x" { opacity = 50 anchor = bottomright }
    │                        ^^
${path}:2:36: error: Unknown anchor`);
    expect(stdout).toMatch(/good\.platemark: “good” has no errors \(version [0-9a-f]{12}\)\.\n$/);
  });

  test("check --json is for scripts, and ends with 0 when all is well", async () => {
    await using world = await worldWith({ "good.platemark": GOOD, "loose.platemark": LOOSE });
    const { code, events } = await world.run(["template", "check", world.templates, "--json"]);
    expect(code).toBe(0);
    expect(events).toMatchObject([
      { event: "template", name: "good", version: expect.stringMatching(/^[0-9a-f]{64}$/), diagnostics: [] },
      {
        event: "template",
        name: "loose",
        diagnostics: [{ code: "token.photo_mechanic", suggestion: "$(IPTC.CREATOR)" }],
      },
    ]);
  });

  test("format prints, --check judges, --write replaces, through a link too", async () => {
    await using world = await worldWith({ "good.platemark": GOOD, "loose.platemark": LOOSE });
    const loose = join(world.templates, "loose.platemark");
    const formatted = 'template "loose" {\n  text "© $(IPTC.CREATOR)" {\n    opacity = 0.5\n  }\n} // kept\n';
    expect(await world.run(["template", "format", loose])).toMatchObject({ code: 0, stdout: formatted });
    const judged = await world.run(["template", "format", "--check", world.templates]);
    expect(judged).toMatchObject({ code: 1, stdout: `${loose} is not in the canonical form.\n` });
    const link = join(world.folder, "link.platemark");
    await symlink(loose, link);
    expect(await world.run(["template", "format", "--write", link])).toMatchObject({ code: 0 });
    expect(await readFile(loose, "utf8")).toBe(formatted);
    expect(await readdir(world.templates)).toEqual(["good.platemark", "loose.platemark"]);
    expect(await world.run(["template", "format", "--check", world.templates])).toMatchObject({
      code: 0,
      stdout: "",
    });
  });

  test("format leaves a file alone that it cannot read as a whole", async () => {
    await using world = await worldWith({ "broken.platemark": 'template "a" { text ' });
    const { code, stderr, stdout } = await world.run(["template", "format", "--write", world.templates]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("[syntax.unterminated]");
    expect(await readFile(join(world.templates, "broken.platemark"), "utf8")).toBe('template "a" { text ');
  });

  test("show prints the operator and its version, with images from beside the template", async () => {
    await using world = await worldWith({
      "logo.platemark": 'template "logo" { image "n.svg" }',
      "n.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
    });
    const { code, stdout } = await world.run(["template", "show", join(world.templates, "logo.platemark")]);
    expect(code).toBe(0);
    const { version, operator } = JSON.parse(stdout);
    expect(version).toMatch(/^[0-9a-f]{64}$/);
    expect(operator.assets[operator.layers[0].asset]).toMatchObject({
      name: "n.svg",
      mediaType: "image/svg+xml",
    });
  });

  test("says what to do where there is nothing to read", async () => {
    await using world = await worldWith({});
    expect(await world.run(["template", "check", world.templates])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no templates"),
    });
    expect(await world.run(["template", "show", "none.platemark"])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("cannot be read"),
    });
    expect(await world.run(["template", "format", "--write", "--check", world.templates])).toMatchObject({
      code: 2,
    });
  });
});
